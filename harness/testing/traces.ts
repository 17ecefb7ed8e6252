import { BinaryEncoder } from '../trace/binary/writer.js';
import type { EventBlock } from '../trace/block.js';
import { TextFormatter } from '../trace/text/formatter.js';
import { TextScanner } from '../trace/text/scanner.js';
import { MemoryTrace, type Trace } from '../trace/trace.js';

const HEADER = 'time_us,op,space,page,count,arg\n';

/** Scans a whole text at once. */
export function scan(
  text: string | Uint8Array,
  file = 'test.csv',
): { blocks: EventBlock[]; scanner: TextScanner } {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const scanner = new TextScanner(file);
  return { blocks: [...scanner.push(bytes), ...scanner.end()], scanner };
}

/** The binary form of a text. */
export function binaryOf(text: string): Uint8Array {
  const { blocks, scanner } = scan(text);
  const encoder = new BinaryEncoder(scanner.strings);
  const parts = [
    encoder.header(scanner.meta),
    ...blocks.map((block) => encoder.block(block)),
    encoder.end('ab'.repeat(32)),
  ];
  return new Uint8Array(Buffer.concat(parts));
}

/** A trace from the lines of its events; `meta` lines come first. */
export function traceOf(events: string, meta = ''): Trace {
  return new MemoryTrace('test.csv', binaryOf(`${meta}${HEADER}${events}`));
}

/** A trace from events without their times: one µs each. */
export function timed(events: readonly string[]): Trace {
  return traceOf(`${events.map((event, i) => `${i},${event}`).join('\n')}\n`);
}

/** The events of a trace, or of one that is being made, as lines of its text form; the first ones, where `most` is given. */
export async function eventLines(
  from: Pick<Trace, 'strings' | 'blocks'>,
  most = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const lines: string[] = [];
  const formatter = new TextFormatter(from.strings);
  for await (const block of from.blocks()) {
    for (const line of Buffer.from(formatter.block(block)).toString().split('\n'))
      if (line !== '') lines.push(line);
    if (lines.length >= most) break;
  }
  return lines;
}
