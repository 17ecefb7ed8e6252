import type { GroupVersion } from './group.js';
import { HostSystem } from './host/system.js';
import type { LiveMachineName } from './names.js';
import type { Execution, LiveSystem } from './system.js';
import { Guest } from './vm/guest.js';
import { kernelImage } from './vm/image.js';
import { withGuard } from './with-guard.js';

/** Which live kernel, and how long it may take. */
export interface LiveOptions extends Execution {
  /** The kernel image of a virtual machine; the newest that is installed where none is given. */
  readonly kernel: string | undefined;
  /** Memory of a virtual machine. */
  readonly memoryMiB: number;
  /** The version of memory groups of a virtual machine. */
  readonly cgroup: GroupVersion;
  /** The longest that it may take for what it is given at a time, in s. */
  readonly timeoutS: number;
  /** The cache folder. */
  readonly cache: string;
  /** Hears what was restored of runs that were killed. */
  readonly told: (line: string) => void;
}

/**
 * Lets something work with an executor on a live kernel. It ends with that, and with this process however that ends: a guard sees
 * to it, and the next start where the guard was killed too.
 *
 * @throws HostError where this host cannot have one; InputError where the kernel image cannot be read
 */
export async function withLive<T>(
  machine: LiveMachineName,
  options: LiveOptions,
  work: (system: LiveSystem) => Promise<T>,
): Promise<T> {
  // Looked for first: without one nothing is started.
  const kernel = machine === 'vm' ? kernelImage(options.kernel) : '';
  return withGuard(options.cache, options.told, async (guard) => {
    const system = await (machine === 'vm'
      ? Guest.start({ ...options, kernel, guard })
      : HostSystem.start({ ...options, guard }));
    try {
      return await work(system);
    } finally {
      await system.close();
    }
  });
}
