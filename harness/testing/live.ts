import { join } from 'node:path';
import { makeFolder } from '../base/folders.js';
import { missingCompiler } from '../base/native.js';
import { Guard } from '../guard/guard.js';
import { missingHost, startHost } from '../live/host/host.js';
import type { LiveMachineName } from '../live/names.js';
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

/** A live kernel of a test, which a guard ends if the test is killed. */
export interface TestLive {
  readonly session: Session;
  /** Of its kernel, as uname -r. */
  readonly release: string;
  end(): Promise<void>;
}

/** Starts what needs a guard. The guard's program is that of dist/. */
async function guarded(
  machine: LiveMachineName,
  start: (cache: string, guard: Guard) => Promise<Session>,
): Promise<TestLive> {
  const cache = usableCacheFolder();
  const folder = join(cache, 'live');
  makeFolder(folder);
  const guard = await Guard.start(folder);
  const session = await start(cache, guard);
  const end = async () => {
    await session.close();
    await guard.finish();
  };
  return { session, release: probe(session, machine).kernel, end };
}

/** Starts a virtual machine for a test. */
export function testVm(): Promise<TestLive> {
  return guarded('vm', (cache, guard) =>
    startVm({ kernel: kernelImage(KERNEL), memoryMiB: MEMORY_MIB, timeoutS: TIMEOUT_S, cache, guard }),
  );
}

/** Starts the executor on this host for a test. */
export function testHost(): Promise<TestLive> {
  return guarded('host', (cache, guard) => startHost({ timeoutS: TIMEOUT_S, cache, guard }));
}

/** Why the kernel of this host cannot be compared with the simulated one; undefined where it can. */
export function missingTestHost(): string | undefined {
  const isRoot = process.getuid?.() === 0;
  return missingHost() ?? (isRoot ? undefined : 'root is needed, to see page frames');
}
