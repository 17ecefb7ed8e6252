import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../base/errors.js';
import { canonicalTrace } from '../testing/arbitrary.js';
import { propertyRuns } from '../testing/property-runs.js';
import { binaryOf } from '../testing/traces.js';
import {
  BLOCK_CRC_AT,
  BLOCK_HEADER_BYTES,
  BLOCK_TAG,
  FOOTER_BYTES,
  HEADER_BYTES,
  INDEX_CRC_AT,
  INDEX_HEADER_BYTES,
  padded,
} from './binary/layout.js';
import { EVENT_BYTES, type EventBlock } from './block.js';
import { limitLargePages } from './page-budget.js';
import { TextFormatter } from './text/formatter.js';
import { MemoryTrace } from './trace.js';
import { verifyTrace } from './verify.js';

const SAMPLE =
  '# source: test\ntime_us,op,space,page,count,arg\n0,spawn,1,,,p\n1,map,1,16,8,anon\n2,write,1,16,8,=5+\n3,read,1:2,20,-3,\n3,mark,,,,"a, b"\n';

/** Puts right checksums on bytes of a binary trace, as a writer would that is wrong. */
function mended(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const json = view.getUint32(12, true);
  view.setUint32(16, crc32(bytes.subarray(HEADER_BYTES, HEADER_BYTES + json)), true);
  let at = padded(HEADER_BYTES + json);
  while (at + BLOCK_HEADER_BYTES <= bytes.length && view.getUint32(at, true) === BLOCK_TAG) {
    const end =
      at +
      BLOCK_HEADER_BYTES +
      padded(view.getUint32(at + 8, true)) +
      padded(view.getUint32(at + 4, true) * EVENT_BYTES);
    if (end > bytes.length) return bytes;
    const crc = crc32(
      bytes.subarray(at + BLOCK_HEADER_BYTES, end),
      crc32(bytes.subarray(at, at + BLOCK_CRC_AT)),
    );
    view.setUint32(at + BLOCK_CRC_AT, crc, true);
    at = end;
  }
  const index = bytes.subarray(at, bytes.length - FOOTER_BYTES);
  if (index.length < INDEX_HEADER_BYTES) return bytes;
  view.setUint32(
    at + INDEX_CRC_AT,
    crc32(index.subarray(INDEX_HEADER_BYTES), crc32(index.subarray(0, INDEX_CRC_AT))),
    true,
  );
  return bytes;
}

/** The binary form of a text, with the hash of it. */
function withHash(text: string): Uint8Array {
  const bytes = binaryOf(text);
  const footer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - FOOTER_BYTES);
  const index = footer.getFloat64(0, true);
  bytes.set(createHash('sha256').update(text).digest(), index + 32);
  return mended(bytes);
}

function textOf(trace: MemoryTrace): string {
  const formatter = new TextFormatter(trace.strings);
  const parts = [formatter.header(trace.meta)];
  for (const block of trace.blocks() as Iterable<EventBlock>) parts.push(formatter.block(block));
  return Buffer.concat(parts).toString('utf8');
}

async function verified(bytes: Uint8Array): Promise<string> {
  const trace = new MemoryTrace('x.rtrace', bytes);
  await verifyTrace(trace);
  return textOf(trace);
}

describe('a binary trace from outside', () => {
  // Random events are about up to 2^31 pages each.
  beforeAll(() => limitLargePages(Number.MAX_SAFE_INTEGER));
  afterAll(() => limitLargePages(2 ** 23));

  it('passes as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(canonicalTrace(), async (text) => {
        expect(await verified(withHash(text))).toBe(text);
      }),
      { numRuns: propertyRuns(200) },
    );
  });

  it('with any byte changed and right checksums is refused in one line, or says the same', async () => {
    const bytes = withHash(SAMPLE);
    let refused = 0;
    for (let at = 0; at < bytes.length; at++)
      for (const flip of [0x01, 0x40, 0xff]) {
        const changed = bytes.slice();
        changed[at] = changed[at]! ^ flip;
        try {
          expect(await verified(mended(changed)), `byte ${at}`).toBe(SAMPLE);
        } catch (error) {
          expect(error, `byte ${at} ^ ${flip}: ${(error as Error).stack}`).toBeInstanceOf(InputError);
          expect((error as Error).message).toMatch(/^x\.rtrace(:\d+:\d+|:\d+)?: [^\n]+$/);
          refused++;
        }
      }
    expect(refused).toBeGreaterThan(bytes.length);
  });

  it('is refused with a hash that is not of its events', async () => {
    await expect(verified(binaryOf(SAMPLE))).rejects.toThrow(
      /^x\.rtrace: it says that the SHA-256 of its text form is (ab){32}, and it is [0-9a-f]{64}: it was edited/,
    );
  });

  it('is refused where fields that an event does not have are not 0', async () => {
    const bytes = withHash(SAMPLE);
    const [block] = new MemoryTrace('x.rtrace', bytes).blocks() as EventBlock[];
    block!.content[0] = 7;
    await expect(verified(mended(bytes))).rejects.toThrow(/^x\.rtrace:3: the event has values in fields/);
  });
});
