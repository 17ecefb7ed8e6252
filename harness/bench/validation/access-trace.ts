import { BlockBuilder, type EventBlock } from '../../trace/block.js';
import { TraceMeta } from '../../trace/meta.js';
import type { Trace } from '../../trace/trace.js';
import type { AccessKind, AccessMode } from './measured.js';

const SPACE = 1;
/** First page of the mapping, aligned to a page table, as mmap would for a large one. */
const BASE = 2 ** 20;
const NAME = 'data';
/**
 * Between two accesses, in µs of trace time: how old statistics are, and so what reclaim decides, depends on it. That of the
 * measured programs was not written down.
 */
const PACE_US = 50;

/**
 * One program that accesses the pages of a sequence one by one: writes anonymous memory, reads a shared file
 * mapping, or reads a file with pread. Swap needs contents: reads of untouched anonymous memory map the zero page.
 */
export function accessTrace(kind: AccessKind, mode: AccessMode, sequence: Uint32Array): Trace {
  const builder = new BlockBuilder();
  const blocks: EventBlock[] = [];
  const pages = sequence.reduce((most, page) => Math.max(most, page), 0) + 1;
  const random = mode === 'MADV_RANDOM' ? ' random' : '';
  builder.add(0, 'spawn', { space: SPACE });
  if (kind !== 'anon') builder.add(0, 'object', { count: pages, text: `file:${NAME}` });
  if (kind !== 'pread') {
    const text = kind === 'anon' ? `anon${random}` : `shared:${NAME}@0 ro${random}`;
    builder.add(0, 'map', { space: SPACE, page: BASE, count: pages, text });
  }
  let events = builder.length;
  for (const page of sequence) {
    if (builder.full) blocks.push(builder.take());
    if (kind === 'pread')
      builder.add(events * PACE_US, 'pread', { space: SPACE, page, count: 1, text: NAME });
    else builder.addTouch(events * PACE_US, kind === 'anon', SPACE, BASE + page, 1);
    events++;
  }
  blocks.push(builder.take());
  const name = `${kind} ${mode}`;
  return {
    name,
    meta: new TraceMeta([['provenance', 'synthetic']]),
    strings: builder.strings,
    totals: { events, firstTimeUs: 0, lastTimeUs: (events - 1) * PACE_US, sha256: '' },
    blocks: () => blocks,
    place: (block, at) => ({ file: name, line: block.firstLine + at }),
  };
}
