import { TraceMeta } from '../harness/trace/meta.js';

/** Metadata of a generated trace. */
export function syntheticMeta(seed: number): TraceMeta {
  return new TraceMeta([
    ['page_size', '4096'],
    ['clock', 'microseconds, synthetic'],
    ['provenance', 'synthetic'],
    ['seed', String(seed)],
  ]);
}
