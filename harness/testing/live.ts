import { join } from 'node:path';
import { makeFolder } from '../base/folders.js';
import { missingCompiler } from '../base/native.js';
import { Guard } from '../guard/guard.js';
import { probe } from '../live/probes.js';
import { Guest, type GuestOptions } from '../live/vm/guest.js';
import { kernelImage } from '../live/vm/image.js';
import { missingEmulator } from '../live/vm/vm.js';
import { usableCacheFolder } from '../trace/io/cache.js';

/** The kernel of tests; the newest that is installed where none is given. */
const KERNEL = process.env.RECLAIM_TEST_KERNEL || undefined;
const MEMORY_MIB = 512;
const TIMEOUT_S = 300;

/** Why no virtual machine can be tested here; undefined where it can. */
export function missingVm(): string | undefined {
  try {
    kernelImage(KERNEL);
  } catch (error) {
    return `${(error as Error).message}; tests take the one that RECLAIM_TEST_KERNEL names`;
  }
  return missingEmulator() ?? missingCompiler();
}

/** A virtual machine of a test, which a guard ends if the test is killed. */
export interface TestVm {
  readonly guest: Guest;
  /** Of its kernel, as uname -r. */
  readonly release: string;
  end(): Promise<void>;
}

/** Starts a virtual machine for a test. The guard's program is that of dist/. */
export async function testVm(
  settings: Partial<Pick<GuestOptions, 'cgroup' | 'pace' | 'stats'>> = {},
): Promise<TestVm> {
  const cache = usableCacheFolder();
  const folder = join(cache, 'live');
  makeFolder(folder);
  const guard = await Guard.start(folder);
  const options = { kernel: kernelImage(KERNEL), memoryMiB: MEMORY_MIB, timeoutS: TIMEOUT_S, cache, guard };
  const guest = await Guest.start({ ...options, cgroup: 'v2', pace: 'asap', stats: 'kernel', ...settings });
  const end = async () => {
    await guest.close();
    await guard.finish();
  };
  return { guest, release: probe(guest.session, 'vm').kernel, end };
}
