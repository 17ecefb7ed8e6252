import { settingOf } from '../guard/guard.js';
import { KERNELS, type KernelVersion } from '../machine/state/settings.js';
import { parseCensus } from './census.js';
import { FIRST_SLAB, FLAG, LIVE_OP, SLAB_PAGES } from './protocol.js';
import type { LiveOp, Session } from './session.js';
import { AS_ASKED, type LiveSystem, PAGE_CLUSTER } from './system.js';

/** What a live kernel is and how it is set: what a comparison with the model depends on. */
export interface Probes {
  /** As uname -r. */
  readonly kernel: string;
  /** What it runs in. */
  readonly hypervisor: string;
  readonly cpus: string;
  /** Mean of the last minute: what runs and what waits to. */
  readonly load: string;
  /** Whether reads of untouched private memory share a page of zeros. */
  readonly zero_page: boolean;
  /** Pages that one read fault on shared memory maps. */
  readonly fault_around: number;
  /** Whether numbers of page frames are told: without them resident memory is not known. */
  readonly page_frames: boolean;
  /** Which memory has huge pages though the executor asks for none: `none`, `anon`, `shmem` or both. */
  readonly huge_pages: string;
  /** The version of the memory groups, `none` where there can be none. */
  readonly cgroup: string;
  /** How far files of a trace are read ahead, in KiB; `AS_ASKED` where a run sets that. */
  readonly read_ahead_kb: string;
  /** Whether multi-generational LRU is on. */
  readonly mglru: boolean;
  /** The setting that is in brackets. */
  readonly transparent_hugepage: string;
  readonly shmem_hugepage: string;
  /** Kinds of swap that are on, `none` without. */
  readonly swap: string;
  readonly swappiness: string;
  /** Pages that are swapped in at once, as a power of 2; `AS_ASKED` where a run sets that. */
  readonly page_cluster: string;
  readonly overcommit_memory: string;
  readonly max_map_count: string;
  readonly ksm_run: string;
  readonly ksm_smart_scan: string;
}

/** Stands for a probe that the kernel does not answer. */
export const UNKNOWN = '?';

/** A file's text without its end of line. */
function textOf(session: Session, path: string): string {
  return session.get(path)?.trim() ?? UNKNOWN;
}

/** Kinds of swap in the text of /proc/swaps. */
export function swapKinds(text: string): string {
  const lines = text.trim().split('\n').slice(1);
  return lines.length === 0 ? 'none' : lines.map((line) => line.split(/\s+/)[0]!).join(', ');
}

/** What a kernel runs in. @param cpuinfo text of /proc/cpuinfo */
export function hypervisorOf(cpuinfo: string, system: string): string {
  if (!/^flags\s*:.*\bhypervisor\b/m.test(cpuinfo)) return 'none';
  return system === UNKNOWN ? 'yes, of an unknown kind' : system;
}

const PROBE_SLOT = 1;
const PROBE_PAGE = FIRST_SLAB * SLAB_PAGES;
/** Pages of the object that fault-around is looked at with: more than any kernel maps at once. */
const AROUND_PAGES = 64;
/** Pages of two huge ones, so that one lies within, wherever it begins. */
const HUGE_PAGES = 1024;

/** What one space has in memory after some ops of its own, and that memory. It ends. */
function tried(session: Session, ops: readonly (readonly [code: number, op: LiveOp])[]) {
  session.call(LIVE_OP.spawn, { slot: PROBE_SLOT });
  for (const [code, op] of ops) session.call(code, { slot: PROBE_SLOT, ...op });
  const { spaces, objects, anon } = parseCensus(session.call(LIVE_OP.census).text);
  session.call(LIVE_OP.reset);
  return { rss: spaces.get(PROBE_SLOT)?.rss ?? 0, objects: [...objects.values()], anon };
}

/** Whether a page that was only read takes no memory. Needs no numbers of page frames. */
function hasZeroPage(session: Session): boolean {
  const range = { page: PROBE_PAGE, count: 1 };
  const read = tried(session, [
    [LIVE_OP.map, range],
    [LIVE_OP.read, range],
  ]);
  return read.rss === 0;
}

/** Pages that a space has mapped after it has read one of an object that is in memory. */
function faultAround(session: Session): number {
  session.call(LIVE_OP.object | FLAG.content, { count: AROUND_PAGES, b: 1 });
  const read = tried(session, [
    [LIVE_OP.map | FLAG.shared | FLAG.object, { page: PROBE_PAGE, count: AROUND_PAGES }],
    [LIVE_OP.read, { page: PROBE_PAGE, count: 1 }],
  ]);
  return read.rss;
}

/** Whether the executor is told the numbers of the frames of its own memory. */
function seesFrames(session: Session): boolean {
  const range = { page: PROBE_PAGE, count: 1 };
  const written = tried(session, [
    [LIVE_OP.map, range],
    [LIVE_OP.write, { ...range, a: 1 }],
  ]);
  return written.anon === 1;
}

/** Which memory has more than one page after one write in its middle. */
function hugePages(session: Session): string {
  const middle = HUGE_PAGES / 2;
  session.call(LIVE_OP.object, { count: HUGE_PAGES });
  const { rss, objects } = tried(session, [
    [LIVE_OP.pwrite, { page: middle, count: 1, b: 1 }],
    [LIVE_OP.map, { page: PROBE_PAGE, count: HUGE_PAGES }],
    [LIVE_OP.write, { page: PROBE_PAGE + middle, count: 1, a: 1 }],
  ]);
  const found = [...(rss > 1 ? ['anon'] : []), ...(objects.some((pages) => pages > 1) ? ['shmem'] : [])];
  return found.length === 0 ? 'none' : found.join(', ');
}

const SYSTEM = '/sys/class/dmi/id/product_name';
const MM = '/sys/kernel/mm';
const VM = '/proc/sys/vm';

/** Looks at the kernel that an executor runs on. What runs there ends. */
export function probe(system: LiveSystem): Probes {
  const { session, name } = system;
  const groups = system.groups();
  session.call(LIVE_OP.reset);
  const text = (path: string) => textOf(session, path);
  return {
    kernel: text('/proc/sys/kernel/osrelease'),
    hypervisor: name === 'vm' ? 'QEMU TCG' : hypervisorOf(text('/proc/cpuinfo'), text(SYSTEM)),
    cpus: text('/sys/devices/system/cpu/online'),
    load: text('/proc/loadavg').split(' ')[0]!,
    zero_page: hasZeroPage(session),
    fault_around: faultAround(session),
    page_frames: seesFrames(session),
    huge_pages: hugePages(session),
    cgroup: typeof groups === 'string' ? 'none' : groups.version,
    read_ahead_kb: system.readAheadKiB() ?? UNKNOWN,
    mglru: Number.parseInt(text(`${MM}/lru_gen/enabled`), 16) % 2 === 1,
    transparent_hugepage: settingOf(text(`${MM}/transparent_hugepage/enabled`)),
    shmem_hugepage: settingOf(text(`${MM}/transparent_hugepage/shmem_enabled`)),
    swap: swapKinds(text('/proc/swaps')),
    swappiness: text(`${VM}/swappiness`),
    page_cluster: name === 'vm' ? AS_ASKED : text(PAGE_CLUSTER),
    overcommit_memory: text(`${VM}/overcommit_memory`),
    max_map_count: text(`${VM}/max_map_count`),
    ksm_run: text(`${MM}/ksm/run`),
    ksm_smart_scan: text(`${MM}/ksm/smart_scan`),
  };
}

/** The kernel of the model that is nearest to one: the newest that is not newer, else the oldest. */
export function modelOf(release: string): KernelVersion {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const versions = Object.keys(KERNELS) as KernelVersion[];
  return versions.findLast((version) => KERNELS[version] <= major * 100 + minor) ?? versions[0]!;
}
