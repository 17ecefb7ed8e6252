import type { Workload } from '../../harness/trace/source.js';

/** Sizes that a resize goes through, as shares of the pool. Recorded: trace mariadb-resize, of 384 MiB. */
export const RESIZES = {
  mariadb: [128 / 384, 1, 192 / 384, 1, 96 / 384, 256 / 384, 1],
  half: [0.5, 1],
  none: [],
} as const;

/** Parameters of the workload `bufferpool`. "Recorded" are the traces postgresql and mariadb-resize. */
export const BUFFERPOOL_PARAMETERS: Workload['parameters'] = {
  pool: {
    kind: 'integer',
    default: 16_384,
    min: 2,
    max: 2 ** 28,
    meaning: 'the buffer pool in pages, without the sections of clients (recorded: shared_buffers of 64 MiB)',
  },
  warehouses: {
    kind: 'integer',
    default: 2,
    min: 1,
    max: 10_000,
    meaning:
      'scale of the database: 57 MiB each and 13 MiB for the items (recorded: 2.5 times the pool; 2: twice the pool)',
  },
  duration_s: { kind: 'number', default: 6, min: 0.001, max: 1e6, meaning: 'length of the trace, in s' },
  clients: {
    kind: 'integer',
    default: 6,
    min: 1,
    max: 1000,
    meaning: 'clients that come and go; each has a section of the shared memory (recorded: 4, which stay)',
  },
  access_us: {
    kind: 'number',
    default: 70,
    min: 1,
    max: 1e6,
    meaning: 'mean time between two uses of blocks by a client, in \u00b5s (recorded: 70)',
  },
  session_s: {
    kind: 'number',
    default: 1.5,
    min: 0.001,
    max: 1e6,
    meaning:
      'mean time that a client stays connected, in s, drawn from an exponential distribution (assumed)',
  },
  away_s: {
    kind: 'number',
    default: 0.5,
    min: 0,
    max: 1e6,
    meaning: 'mean time until the next client takes its place, in s, drawn likewise (assumed)',
  },
  section: {
    kind: 'integer',
    default: 1024,
    min: 1,
    max: 2 ** 20,
    meaning:
      'work memory of a client in the shared object, in pages, dropped when it disconnects (work_mem: 4 MiB)',
  },
  sorts: {
    kind: 'number',
    default: 0.02,
    min: 0,
    max: 1,
    meaning:
      'share of transactions that are preceded by a sort, which writes and reads a part of the section (assumed)',
  },
  scan_every_s: {
    kind: 'number',
    default: 2,
    min: 0,
    max: 1e6,
    meaning: 'time between reports, which read the largest table from start to end, in s; 0: none (assumed)',
  },
  ring: {
    kind: 'integer',
    default: 32,
    min: 0,
    max: 1e6,
    meaning: 'buffers that a report goes round in (PostgreSQL: 32); 0: it uses the pool as all others do',
  },
  resize: {
    kind: 'choice',
    default: 'mariadb',
    choices: ['mariadb', 'half', 'none'],
    meaning:
      'sizes that the pool is given one after the other; mariadb: as recorded, 1/3, 1, 1/2, 1, 1/4, 2/3, 1 of it; half: 1/2, 1',
  },
  resize_every_s: {
    kind: 'number',
    default: 0.8,
    min: 0.001,
    max: 1e6,
    meaning: 'time between two resizes, in s (recorded: 5.3 to 6.6)',
  },
};
