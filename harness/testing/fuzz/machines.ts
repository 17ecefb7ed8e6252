import type { FuzzedMachine } from './lockstep.js';

/** A limit that locked pages could exceed at once. */
const SMALL = { without: ['limit', 'lock', 'mapLocked', 'lockAll', 'dmaPin'] } as const;
/** A limit given from outside: those of the trace are not heard. */
const GIVEN = { without: ['limit'] } as const;
const OF_TRACE = { limit: 'trace', without: [] } as const;

/** The machines that random events run on, by the name that a failure prints. */
export const MACHINES = {
  unlimited: { reclaim: 'fifo', swap: 'none', limit: 'none', ...GIVEN },
  'fifo-9': { reclaim: 'fifo', swap: 'ssd', limit: 9, ...SMALL },
  'fifo-30': { reclaim: 'fifo', swap: 'ssd', limit: 30, ...GIVEN },
  fifo: { reclaim: 'fifo', swap: 'ssd', ...OF_TRACE },
  'fifo-swapless': { reclaim: 'fifo', swap: 'none', limit: 70, ...GIVEN },
  'contents-late': { reclaim: 'fifo', swap: 'ssd', ...OF_TRACE, contentsLate: true },
  'lru-9': { reclaim: 'lru', swap: 'ssd', limit: 9, ...SMALL },
  'linux-9': { reclaim: 'linux', swap: 'ssd', limit: 9, ...SMALL },
  linux: { reclaim: 'linux', swap: 'ssd', ...OF_TRACE },
  'fifo-9-swap-20': { reclaim: 'fifo', swap: 'ssd:size=20', limit: 9, ...SMALL },
  'linux-swap-30': { reclaim: 'linux', swap: 'ssd:size=30', limit: 30, ...GIVEN },
  'zram-40': { reclaim: 'fifo', swap: 'zram:size=40', ...OF_TRACE },
  'fifo-zram': { reclaim: 'fifo', swap: 'zram', ...OF_TRACE },
  'no-zero-page': { reclaim: 'fifo', swap: 'ssd', ...OF_TRACE, settings: ['mm.shared_zero_page=0'] },
  'page-tables': {
    reclaim: 'linux',
    swap: 'zram',
    ...OF_TRACE,
    settings: ['mm.shared_zero_page=0', 'memcg.charge_page_tables=1'],
  },
  'read-ahead': { reclaim: 'fifo', swap: 'ssd', ...OF_TRACE, settings: ['read_ahead_kb=32'] },
  'read-ahead-12': { reclaim: 'fifo', swap: 'none', limit: 12, ...SMALL, settings: ['read_ahead_kb=32'] },
  'swap-ahead': { reclaim: 'fifo', swap: 'ssd', ...OF_TRACE, settings: ['vm.page-cluster=3'] },
  'swap-ahead-12': { reclaim: 'linux', swap: 'ssd', limit: 12, ...SMALL, settings: ['vm.page-cluster=3'] },
  'swap-ahead-by-place': {
    reclaim: 'fifo',
    swap: 'ssd:size=60',
    limit: 30,
    ...GIVEN,
    settings: ['vm.page-cluster=3', 'swap.vma_ra_enabled=0'],
  },
  'zram-ahead': { reclaim: 'fifo', swap: 'zram', ...OF_TRACE, settings: ['vm.page-cluster=3'] },
  'oom-swapless': {
    reclaim: 'fifo',
    swap: 'none',
    limit: 40,
    oom: 'kill',
    without: ['limit', 'dmaPin'],
    settings: ['read_ahead_kb=32'],
  },
  'oom-scores': { reclaim: 'fifo', swap: 'ssd:size=3000', limit: 'trace', oom: 'kill', without: ['dmaPin'] },
  'oom-swap-20': {
    reclaim: 'fifo',
    swap: 'ssd:size=20',
    limit: 20,
    oom: 'kill',
    without: ['limit', 'dmaPin'],
  },
  'linux-swapless': { reclaim: 'linux', swap: 'none', limit: 70, ...GIVEN },
} satisfies Record<string, FuzzedMachine>;

export type MachineName = keyof typeof MACHINES;
