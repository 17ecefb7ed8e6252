import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../base/errors.js';
import { canonicalTrace } from '../../testing/arbitrary.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { binaryOf } from '../../testing/traces.js';
import type { EventBlock } from '../block.js';
import { TextFormatter } from '../text/formatter.js';
import { MemoryTrace } from '../trace.js';

function textOf(bytes: Uint8Array): string {
  const trace = new MemoryTrace('test.rtrace', bytes);
  const formatter = new TextFormatter(trace.strings);
  const parts = [formatter.header(trace.meta)];
  for (const block of trace.blocks() as Iterable<EventBlock>) parts.push(formatter.block(block));
  return Buffer.concat(parts).toString('utf8');
}

/** A copy at a multiple of 8, as files and shared memory are. */
const SAMPLE =
  '# source: test\ntime_us,op,space,page,count,arg\n0,spawn,1,,,p\n1,map,1,16,8,anon\n2,write,1,16,8,=5+\n3,mark,,,,"a, b"\n';

describe('binary form', () => {
  it('text to binary to text is the identity', () => {
    fc.assert(
      fc.property(canonicalTrace(), (text) => {
        expect(textOf(binaryOf(text))).toBe(text);
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  it('says in its index what it contains', () => {
    const { totals, meta } = new MemoryTrace('test.rtrace', binaryOf(SAMPLE));
    expect(totals).toMatchObject({ events: 4, firstTimeUs: 0, lastTimeUs: 3, sha256: 'ab'.repeat(32) });
    expect(meta.get('source')).toBe('test');
  });

  it('uses the columns in place', () => {
    const bytes = binaryOf(SAMPLE);
    const [block] = new MemoryTrace('test.rtrace', bytes).blocks() as EventBlock[];
    expect(block?.time.buffer).toBe(bytes.buffer);
  });

  it('refuses a file cut short anywhere', () => {
    const bytes = binaryOf(SAMPLE);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => textOf(bytes.slice(0, length)), `cut at ${length}`).toThrow(InputError);
    }
  });

  it('refuses a file with any bit flipped, or reads it as it was', () => {
    const bytes = binaryOf(SAMPLE);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] = damaged[at]! ^ 0x10;
      let text: string;
      try {
        text = textOf(damaged);
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(InputError);
        continue;
      }
      // Padding and reserved bytes carry nothing.
      expect(text, `byte ${at}`).toBe(SAMPLE);
    }
  });

  it('names the file and says what to expect', () => {
    expect(() => textOf(new Uint8Array(100))).toThrow(/^test\.rtrace: .*expected a whole \.rtrace file/);
    const newer = binaryOf(SAMPLE);
    newer[8] = 9;
    expect(() => textOf(newer)).toThrow(
      /^test\.rtrace: version 9 of the binary form is not known, expected 1/,
    );
  });
});
