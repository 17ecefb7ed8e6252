import { startHost } from './host/host.js';
import type { LiveMachineName } from './names.js';
import type { Session } from './session.js';
import { kernelImage } from './vm/image.js';
import { startVm } from './vm/vm.js';
import { withGuard } from './with-guard.js';

/** Which live kernel, and how long it may take. */
export interface LiveOptions {
  /** The kernel image of a virtual machine; the newest that is installed where none is given. */
  readonly kernel: string | undefined;
  /** Memory of a virtual machine. */
  readonly memoryMiB: number;
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
  work: (session: Session) => Promise<T>,
): Promise<T> {
  // Looked for first: without one nothing is started.
  const kernel = machine === 'vm' ? kernelImage(options.kernel) : '';
  return withGuard(options.cache, options.told, async (guard) => {
    const session = await (machine === 'vm'
      ? startVm({ ...options, kernel, guard })
      : startHost({ ...options, guard }));
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  });
}
