import { requireLinux } from '../base/platform.js';
import type { LiveChoice } from './choice.js';
import { HostSystem } from './host/system.js';
import type { LiveMachineName } from './names.js';
import type { LiveSystem } from './system.js';
import { Guest } from './vm/guest.js';
import { kernelImage } from './vm/image.js';
import { withGuard } from './with-guard.js';

/** Memory of a virtual machine. It is taken from the host only as far as it is used. */
const VM_MEMORY_MIB = 2048;

/** Which live kernel, and how long it may take. */
export interface LiveOptions extends LiveChoice {
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
  requireLinux(`--machine ${machine}`);
  // Looked for first: without one nothing is started.
  const kernel = machine === 'vm' ? kernelImage(options.kernel) : '';
  return withGuard(options.cache, options.told, async (guard) => {
    const system = await (machine === 'vm'
      ? Guest.start({ ...options, kernel, memoryMiB: VM_MEMORY_MIB, guard })
      : HostSystem.start({ ...options, guard }));
    try {
      return await work(system);
    } finally {
      await system.close();
    }
  });
}

/**
 * Starts an executor that stays until this thread ends: its guard ends it then.
 *
 * @throws as `withLive`
 */
export function startLive(machine: LiveMachineName, options: LiveOptions): Promise<LiveSystem> {
  return new Promise((resolve, reject) => {
    const untilTheEnd = (system: LiveSystem) => {
      resolve(system);
      return new Promise<never>(() => undefined);
    };
    withLive(machine, options, untilTheEnd).catch(reject);
  });
}
