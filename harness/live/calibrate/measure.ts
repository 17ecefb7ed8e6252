import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HostError } from '../../base/errors.js';
import { PAGE_BYTES } from '../../base/page.js';
import type { Guard } from '../../guard/guard.js';
import { writeSetting } from '../../guard/kernel.js';
import { hostHierarchy, makeGroup } from '../host/groups.js';
import { type HostSwap, makeSwap } from '../host/swap.js';
import { buildCalibrate } from './program.js';
import { joinReadings, parseReadings, type Readings } from './readings.js';

/** How a host is measured. */
export interface MeasureOptions {
  /** The cache folder, for the program. */
  readonly cache: string;
  /** A folder on the device that files are on. */
  readonly folder: string;
  readonly rounds: number;
  /** Swap that is made for it, and measured; undefined for none. */
  readonly swap: HostSwap | undefined;
  readonly guard: Guard;
  /** Hears what is done, a line each. */
  readonly told: (line: string) => void;
}

const KSM = '/sys/kernel/mm/ksm';
/** As quick as ksmd can be. */
const KSM_SETTINGS = {
  pages_to_scan: '20000',
  sleep_millisecs: '0',
  advisor_mode: 'none',
  run: '1',
} as const;
const SWAP_MIB = 256;
/** The default of zram. */
const ALGORITHM = 'lzo-rle';
/** The limit of the group that swap is measured in: half of what the program writes. */
const LIMIT_PAGES = 4096;
const MOST_OUTPUT = 2 ** 24;
const LIMIT_FILES = { v1: 'memory.limit_in_bytes', v2: 'memory.max' } as const;

const SWAP_NAMES = { file: 'ssd', zram: 'zram' } as const;

/** The name of the device in the cost table. */
export function deviceOfSwap(swap: HostSwap): (typeof SWAP_NAMES)[HostSwap] {
  return SWAP_NAMES[swap];
}

/** Something that is not measured, and why. */
function notMeasured(names: readonly string[], why: string): Readings {
  return { values: new Map(), devices: new Map(), failed: new Map(names.map((name) => [name, why])) };
}

async function run(program: string, args: readonly string[], guard: Guard): Promise<Readings> {
  const running = promisify(execFile)(program, args, { maxBuffer: MOST_OUTPUT });
  if (running.child.pid !== undefined) guard.journalProcess(running.child.pid);
  try {
    return parseReadings((await running).stdout);
  } catch (error) {
    const { code, signal } = error as { code?: number; signal?: string };
    throw new HostError(`the program that measures has ended (${signal ?? `status ${code}`})`);
  }
}

const MERGING = ['cow_ksm', 'visit'] as const;

async function ofMerging(program: string, { rounds, guard, told }: MeasureOptions): Promise<Readings> {
  if (!existsSync(join(KSM, 'run'))) return notMeasured(MERGING, 'this kernel has no ksmd');
  if (process.getuid?.() !== 0) return notMeasured(MERGING, 'ksmd needs root');
  told('measuring merged pages: ksmd runs meanwhile');
  for (const [name, value] of Object.entries(KSM_SETTINGS))
    if (existsSync(join(KSM, name))) guard.set(join(KSM, name), value);
  try {
    return await run(program, ['merging', String(rounds)], guard);
  } finally {
    await guard.restoreSettings();
  }
}

const SWAPPING = ['pageout'] as const;
/** vm.page-cluster of reading one page at a time: prices are those of pages. */
const ONE_PAGE = 0;

async function ofSwap(program: string, options: MeasureOptions): Promise<Readings> {
  const { swap, guard, rounds, told } = options;
  if (swap === undefined)
    return notMeasured(SWAPPING, 'needs swap of this kind: --swap file (an SSD or disk) or --swap zram');
  const hierarchy = hostHierarchy(guard);
  if (typeof hierarchy === 'string') return notMeasured(SWAPPING, hierarchy);
  told(`measuring swap: ${swap} of ${SWAP_MIB} MiB`);
  makeSwap(guard, swap, options.cache, { pages: SWAP_MIB * 256, algorithm: ALGORITHM }, ONE_PAGE);
  const group = join(hierarchy.parent, `reclaim-${process.pid}`);
  const error = makeGroup(guard, group);
  if (error !== undefined) throw new HostError(`${group}: a memory group cannot be made there (${error})`);
  writeSetting(join(group, LIMIT_FILES[hierarchy.version]), String(LIMIT_PAGES * PAGE_BYTES));
  const args = ['swap', String(rounds), deviceOfSwap(swap), join(group, 'cgroup.procs'), String(LIMIT_PAGES)];
  try {
    return await run(program, args, guard);
  } finally {
    await guard.restoreSettings();
  }
}

/**
 * Measures this host.
 *
 * @throws HostError without a compiler, or where something that was asked for is not possible here
 */
export async function measureHost(options: MeasureOptions): Promise<Readings> {
  const { cache, guard, rounds, folder, told } = options;
  const program = await buildCalibrate(cache);
  told(`measuring faults and calls: ${rounds} rounds of some seconds`);
  const own = await run(program, ['rounds', String(rounds), folder], guard);
  return joinReadings([own, await ofMerging(program, options), await ofSwap(program, options)]);
}
