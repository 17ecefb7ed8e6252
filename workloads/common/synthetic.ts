import { BlockBuilder, type EventBlock } from '../../harness/trace/block.js';
import { TraceMeta } from '../../harness/trace/meta.js';
import type { TraceSource } from '../../harness/trace/source.js';

/**
 * A generated trace.
 *
 * @param seed for its metadata
 * @param events writes the events into the builder, and takes each full block off it
 */
export function syntheticTrace(
  seed: number,
  events: (builder: BlockBuilder) => Generator<EventBlock>,
): TraceSource {
  const builder = new BlockBuilder();
  const meta = new TraceMeta([
    ['page_size', '4096'],
    ['clock', 'microseconds, synthetic'],
    ['provenance', 'synthetic'],
    ['seed', String(seed)],
  ]);
  return { meta, strings: builder.strings, blocks: () => events(builder) };
}
