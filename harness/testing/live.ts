import { join } from 'node:path';
import { makeFolder } from '../base/folders.js';
import { missingCompiler } from '../base/native.js';
import { Guard } from '../guard/guard.js';
import { probe } from '../live/probes.js';
import type { Session } from '../live/session.js';
import { kernelImage } from '../live/vm/image.js';
import { missingEmulator, startVm } from '../live/vm/vm.js';
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
  readonly session: Session;
  /** Of its kernel, as uname -r. */
  readonly release: string;
  end(): Promise<void>;
}

/** Starts a virtual machine for a test. The guard's program is that of dist/. */
export async function testVm(): Promise<TestVm> {
  const cache = usableCacheFolder();
  const folder = join(cache, 'live');
  makeFolder(folder);
  const guard = await Guard.start(folder);
  const options = { kernel: kernelImage(KERNEL), memoryMiB: MEMORY_MIB, timeoutS: TIMEOUT_S, cache, guard };
  const session = await startVm(options);
  const end = async () => {
    await session.close();
    await guard.finish();
  };
  return { session, release: probe(session, 'vm').kernel, end };
}
