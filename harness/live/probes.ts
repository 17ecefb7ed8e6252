import { KERNELS, type KernelVersion } from '../machine/state/settings.js';
import { parseCensus } from './census.js';
import { LIVE_OP } from './protocol.js';
import type { Session } from './session.js';

/** What a live kernel is and how it is set: what a comparison with the model depends on. */
export interface Probes {
  /** As uname -r. */
  readonly kernel: string;
  /** What it runs in. */
  readonly hypervisor: string;
  readonly cpus: string;
  /** Whether reads of untouched private memory share a page of zeros. */
  readonly zero_page: boolean;
  /** Whether multi-generational LRU is on. */
  readonly mglru: boolean;
  /** The settings that is in brackets. */
  readonly transparent_hugepage: string;
  readonly shmem_hugepage: string;
  readonly page_cluster: string;
  /** Kinds of swap that are on, `none` without. */
  readonly swap: string;
  readonly ksm_run: string;
}

/** A file's text without its end of line; `?` where there is none. */
function textOf(session: Session, path: string): string {
  return session.get(path)?.trim() ?? '?';
}

/** The choice of a setting that lists all: that in brackets. */
export function chosenOf(text: string): string {
  return /\[([^\]]+)\]/.exec(text)?.[1] ?? text;
}

/** Kinds of swap in the text of /proc/swaps. */
export function swapKinds(text: string): string {
  const lines = text.trim().split('\n').slice(1);
  return lines.length === 0 ? 'none' : lines.map((line) => line.split(/\s+/)[0]!).join(', ');
}

/** Looks at the kernel that an executor runs on. */
export function probe(session: Session, hypervisor: string): Probes {
  const census = parseCensus(session.call(LIVE_OP.census).text);
  const sys = '/sys/kernel/mm';
  return {
    kernel: textOf(session, '/proc/sys/kernel/osrelease'),
    hypervisor,
    cpus: textOf(session, '/sys/devices/system/cpu/online'),
    zero_page: census.zeroPage,
    mglru: Number.parseInt(textOf(session, `${sys}/lru_gen/enabled`), 16) % 2 === 1,
    transparent_hugepage: chosenOf(textOf(session, `${sys}/transparent_hugepage/enabled`)),
    shmem_hugepage: chosenOf(textOf(session, `${sys}/transparent_hugepage/shmem_enabled`)),
    page_cluster: textOf(session, '/proc/sys/vm/page-cluster'),
    swap: swapKinds(textOf(session, '/proc/swaps')),
    ksm_run: textOf(session, `${sys}/ksm/run`),
  };
}

/** The kernel of the model that is nearest to one: the newest that is not newer, else the oldest. */
export function modelOf(release: string): KernelVersion {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const versions = Object.keys(KERNELS) as KernelVersion[];
  return versions.findLast((version) => KERNELS[version] <= major * 100 + minor) ?? versions[0]!;
}
