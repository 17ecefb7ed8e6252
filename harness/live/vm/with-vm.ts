import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../base/folders.js';
import { Guard } from '../../guard/guard.js';
import { restoreAbandoned } from '../../guard/journal.js';
import type { GroupVersion } from '../group.js';
import type { Execution } from '../system.js';
import { Guest } from './guest.js';
import { kernelImage } from './image.js';

/** Which virtual machine, and how long it may take. */
export interface WithVm extends Execution {
  /** The kernel image; the newest that is installed where none is given. */
  readonly kernel: string | undefined;
  readonly memoryMiB: number;
  /** The longest that it may take for what it is given at a time, in s. */
  readonly timeoutS: number;
  /** The version of its memory groups. */
  readonly cgroup: GroupVersion;
  /** The cache folder. */
  readonly cache: string;
}

/**
 * Lets something work with a virtual machine, which ends with it, and with this process however that ends: a guard sees to that,
 * and the next start where the guard was killed too.
 *
 * @throws HostError where this host cannot have one; InputError where the kernel image cannot be read
 */
export async function withVm<T>(options: WithVm, work: (guest: Guest) => Promise<T>): Promise<T> {
  const kernel = kernelImage(options.kernel);
  const folder = join(options.cache, 'live');
  if (!existsSync(folder)) makeFolder(folder);
  await restoreAbandoned(folder);
  const guard = await Guard.start(folder);
  try {
    const guest = await Guest.start({ ...options, kernel, guard });
    try {
      return await work(guest);
    } finally {
      await guest.close();
    }
  } finally {
    await guard.finish();
  }
}
