import { createHash } from 'node:crypto';
import { InputError } from '../base/errors.js';
import { BinaryEncoder } from './binary/writer.js';
import type { EventBlock, StringTable } from './block.js';
import { type ByteSink, openSink, STDOUT, writeTo } from './io/output.js';
import { HAS } from './op.js';
import type { TraceSource } from './source.js';
import { TextFormatter } from './text/formatter.js';

/** The forms a trace is written in. */
export const TRACE_FORMS = ['text', 'binary'] as const;
export type TraceForm = (typeof TRACE_FORMS)[number];

/** The form that a file's name asks for: `.rtrace` is binary, all else text. */
export function formOf(path: string): TraceForm {
  return path.endsWith('.rtrace') ? 'binary' : 'text';
}

/** What was written. */
export interface Written {
  readonly events: number;
  readonly sha256: string;
}

/**
 * Writes a trace in one pass and constant memory; the file appears whole or not at all.
 *
 * @param path a file, or `-` for standard output (text only); `.gz` and `.br` compress text
 *
 * @example Write a trace of a program
 * ```ts
 * import { BlockBuilder, loadTrace, TraceMeta, replayTrace, type TraceSource, writeTrace } from 'reclaim-bench';
 *
 * const builder = new BlockBuilder();
 * builder.add(0, 'spawn', { space: 1, text: 'pool' });
 * builder.add(0, 'map', { space: 1, page: 0, count: 64, text: 'anon' });
 * builder.addTouch(10, true, 1, 0, 64);
 * builder.add(20, 'discard', { space: 1, page: 0, count: 32 });
 * builder.add(30, 'mark', { text: 'end' });
 * const meta = new TraceMeta([['provenance', 'synthetic'], ['touches', 'recorded']]);
 * const source: TraceSource = { meta, strings: builder.strings, blocks: () => [builder.take()] };
 * await writeTrace(source, 'pool.rtrace', 'binary');
 * const { metrics } = await replayTrace(await loadTrace('pool.rtrace'), { discard: 'dontneed' });
 * console.log(metrics.pgfault, metrics.resident_pages_end); // → 64 32
 * ```
 */
export async function writeTrace(source: TraceSource, path: string, form: TraceForm): Promise<Written> {
  if (form === 'binary' && (path === STDOUT || /\.(gz|br)$/.test(path))) {
    throw new InputError(
      `a binary trace is written plain to a file, expected a name like trace.rtrace, found ${path}`,
    );
  }
  return writeTo(openSink(path), (sink) =>
    form === 'text' ? writeText(source, sink) : writeBinary(source, sink),
  );
}

async function writeText(source: TraceSource, sink: ByteSink): Promise<Written> {
  const formatter = new TextFormatter(source.strings);
  const hash = createHash('sha256');
  const put = async (bytes: Uint8Array) => {
    hash.update(bytes);
    await sink.write(bytes);
  };
  let events = 0;
  // What is wrong with a source shows when its first block is asked for: until then, a pipe gets nothing.
  let begun = false;
  const begin = async () => {
    if (!begun) await put(formatter.header(source.meta));
    begun = true;
  };
  for await (const block of source.blocks()) {
    await begin();
    await put(formatter.block(block));
    events += block.length;
  }
  await begin();
  return { events, sha256: hash.digest('hex') };
}

async function writeBinary(source: TraceSource, sink: ByteSink): Promise<Written> {
  const encoder = new BinaryEncoder(source.strings);
  const formatter = new TextFormatter(source.strings);
  const hash = createHash('sha256');
  hash.update(formatter.header(source.meta));
  await sink.write(encoder.header(source.meta));
  let events = 0;
  // In the text form, the lines of metadata and the header line come first.
  let line = source.meta.entries().length + 2;
  for await (const block of source.blocks()) {
    for (const run of lineRuns(block, source.strings)) {
      run.firstLine = line;
      line += run.length + extraLines(run, run.length - 1, source.strings);
      hash.update(formatter.block(run));
      await sink.write(encoder.block(run));
      events += run.length;
    }
  }
  const sha256 = hash.digest('hex');
  await sink.write(encoder.end(sha256));
  return { events, sha256 };
}

/** Lines beyond the first that an event takes in the text form. */
function extraLines(block: EventBlock, row: number, strings: StringTable): number {
  if ((block.fields[row]! & HAS.text) === 0) return 0;
  return strings.text(block.text[row]!).split('\n').length - 1;
}

/** Cuts a block after each event that takes several lines, so that event i of a run is on line firstLine + i. */
function* lineRuns(block: EventBlock, strings: StringTable): Generator<EventBlock> {
  let from = 0;
  for (let row = 0; row < block.length; row++) {
    if (extraLines(block, row, strings) === 0) continue;
    yield rows(block, from, row + 1);
    from = row + 1;
  }
  if (from < block.length) yield rows(block, from, block.length);
}

function rows(block: EventBlock, from: number, to: number): EventBlock {
  if (from === 0 && to === block.length) return block;
  return {
    length: to - from,
    firstLine: block.firstLine,
    time: block.time.subarray(from, to),
    page: block.page.subarray(from, to),
    count: block.count.subarray(from, to),
    space: block.space.subarray(from, to),
    thread: block.thread.subarray(from, to),
    text: block.text.subarray(from, to),
    content: block.content.subarray(from, to),
    op: block.op.subarray(from, to),
    fields: block.fields.subarray(from, to),
  };
}
