import { type PolicyInfo, Registry } from '../policy/registry.js';

/** What is read ahead as text: as kernels do it, with settings of one's own (`kernel:read_ahead_kb=512`), or nothing. */
export type ReadaheadText = 'kernel' | 'off' | `kernel:${string}`;

/** 1 GiB: far beyond what any device is set to. */
const MAX_READ_AHEAD_KIB = 2 ** 20;
/** Source: page_cluster_max in mm/swap.c. */
const MAX_PAGE_CLUSTER = 31;

const kernel: PolicyInfo = {
  name: 'kernel',
  summary: 'files around faults and by the window of read, swap around the page that comes back',
  source: 'mm/readahead.c, mm/filemap.c, mm/swap_state.c',
  parameters: {
    read_ahead_kb: {
      kind: 'integer',
      default: 128,
      min: 0,
      max: MAX_READ_AHEAD_KIB,
      meaning: 'how far files are read ahead, in KiB; default: VM_READAHEAD_PAGES in include/linux/mm.h',
    },
    page_cluster: {
      kind: 'integer',
      default: 3,
      min: 0,
      max: MAX_PAGE_CLUSTER,
      meaning:
        'pages that are read from swap at once, as a power of 2, none more from zram; default: swap_setup in mm/swap.c, from 16 MiB of memory on',
    },
  },
};

const off: PolicyInfo = {
  name: 'off',
  summary: 'each page alone',
  source: 'read_ahead_kb and vm.page-cluster of 0',
  parameters: {},
};

const readaheads = new Registry<PolicyInfo>('kind of read-ahead', [kernel, off]);

/** The names of kinds of read-ahead. */
export const READAHEAD_KINDS: readonly string[] = readaheads.all().map(({ name }) => name);

/** What a machine reads ahead before its trace sets it otherwise, by the settings of the kernel. */
export interface Readahead {
  /** Of files: read_ahead_kb of their device. */
  readonly fileKib: number;
  /** Of swap: vm.page-cluster. */
  readonly pageCluster: number;
}

/** @throws InputError for a text that names none */
export function readaheadSetup(text: string): Readahead {
  const { read_ahead_kb: fileKib = 0, page_cluster: pageCluster = 0 } = readaheads.choose(text).values;
  return { fileKib: Number(fileKib), pageCluster: Number(pageCluster) };
}

/** The canonical text of a read-ahead. @throws InputError for a text that names none */
export function canonicalReadahead(text: string): ReadaheadText {
  return readaheads.choose(text).text as ReadaheadText;
}
