import { join } from 'node:path';
import { makeFolder } from '../base/folders.js';
import { missingCompiler } from '../base/native.js';
import { Guard } from '../guard/guard.js';
import { missingHost } from '../live/host/host.js';
import { HostSystem } from '../live/host/system.js';
import { type Probes, probe } from '../live/probes.js';
import type { LiveSystem } from '../live/system.js';
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

/** A live kernel of a test, which a guard ends if the test is killed. */
export interface TestLive<S extends LiveSystem> {
  readonly system: S;
  readonly probes: Probes;
  end(): Promise<void>;
}

/** Starts what needs a guard. The guard's program is that of dist/. */
async function guarded<S extends LiveSystem>(
  start: (cache: string, guard: Guard) => Promise<S>,
): Promise<TestLive<S>> {
  const cache = usableCacheFolder();
  const folder = join(cache, 'live');
  makeFolder(folder);
  const guard = await Guard.start(folder);
  const system = await start(cache, guard);
  const end = async () => {
    await system.close();
    await guard.finish();
  };
  return { system, probes: probe(system), end };
}

const EXECUTION = { pace: 'asap', stats: 'kernel' } as const;

/** Starts a virtual machine for a test. */
export function testVm({
  kernel,
  ...settings
}: Partial<Pick<GuestOptions, 'kernel' | 'cgroup' | 'pace' | 'stats'>> = {}): Promise<TestLive<Guest>> {
  const options = {
    memoryMiB: MEMORY_MIB,
    timeoutS: TIMEOUT_S,
    cgroup: 'v2',
    ...EXECUTION,
    ...settings,
  } as const;
  return guarded((cache, guard) =>
    Guest.start({ ...options, kernel: kernelImage(kernel ?? KERNEL), cache, guard }),
  );
}

/** Starts the executor on this host for a test. */
export function testHost(): Promise<TestLive<HostSystem>> {
  return guarded((cache, guard) => HostSystem.start({ timeoutS: TIMEOUT_S, cache, guard, ...EXECUTION }));
}

/** Why the kernel of this host cannot be compared with the simulated one; undefined where it can. */
export function missingTestHost(): string | undefined {
  const isRoot = process.getuid?.() === 0;
  return missingHost() ?? (isRoot ? undefined : 'root is needed, to see page frames');
}
