import type { Operation } from './layout.js';

const READS = new Set([0, 1, 2, 12]);
const WRITES = new Set([3, 4, 5, 6, 7, 8, 10, 11, 13, 14]);
const DELETE = 9;

/**
 * What libCacheSim's numbers of operations are: get, gets, read, and no operation at all are reads; set, add, cas, replace,
 * append, prepend, incr, decr, write and update are writes. Source: libCacheSim/include/libCacheSim/enum.h, req_op_e
 */
export function cacheOperation(op: number): Operation {
  if (READS.has(op)) return 0;
  if (WRITES.has(op)) return 1;
  return op === DELETE ? 'deletions' : `records of operation ${op}, which libCacheSim does not have`;
}
