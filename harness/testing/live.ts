import { missingCompiler } from '../base/native.js';
import type { Session } from '../live/session.js';
import { kernelImage } from '../live/vm/image.js';
import { missingEmulator, startVm } from '../live/vm/vm.js';
import { usableCacheFolder } from '../trace/io/cache.js';

/** Why no virtual machine can be tested here; undefined where it can. */
export function missingVm(): string | undefined {
  try {
    kernelImage(process.env.RECLAIM_TEST_KERNEL);
  } catch (error) {
    return `${(error as Error).message}; the tests take the one that RECLAIM_TEST_KERNEL names`;
  }
  return missingEmulator() ?? missingCompiler();
}

/** A virtual machine for a test. */
export function testVm(memoryMiB = 512): Promise<Session> {
  const kernel = kernelImage(process.env.RECLAIM_TEST_KERNEL);
  return startVm({ kernel, memoryMiB, cache: usableCacheFolder(), timeoutS: 300 });
}
