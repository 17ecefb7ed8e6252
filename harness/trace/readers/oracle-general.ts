import type { RequestBatch } from '../requests/batch.js';
import { type Detection, FIT, misfit, type RecordIds, type RequestReader } from './reader.js';
import { readRecords } from './scan/records.js';

const RECORD_BYTES = 24;
const RECORD_WORDS = RECORD_BYTES / 4;
/** Records looked at to tell the format. */
const LOOKED_AT = 256;
/** Upper words of a next access are below this, or it means never: a trace has fewer than 2^53 requests. */
const NEXT_HIGH_LIMIT = 1 << 21;
const NEVER_HIGH = [0xffff_ffff, 0x7fff_ffff];

function isNextHigh(high: number): boolean {
  return high < NEXT_HIGH_LIMIT || NEVER_HIGH.includes(high);
}

const recordIds: RecordIds = {
  bytes: RECORD_BYTES,
  id: 4,
  check(words, records, first, fail) {
    // The first record says whether this is the format at all: its next access is later, or never.
    if (first && words[4] === 0 && words[5] === 0)
      fail(0, 'has itself as next access, expected a file of oracleGeneral');
    for (let i = 0, at = 5; i < records; i++, at += RECORD_WORDS) {
      const nextHigh = words[at]!;
      if (nextHigh >= NEXT_HIGH_LIMIT && !isNextHigh(nextHigh))
        fail(i, 'has a next access that is no number of a request, expected a file of oracleGeneral');
    }
  },
};

function decode(words: Uint32Array, records: number, batch: RequestBatch): void {
  for (let i = 0, at = 0; i < records; i++, at += RECORD_WORDS) {
    batch.low[i] = words[at + 1]!;
    batch.high[i] = words[at + 2]!;
    batch.size[i] = words[at + 3]!;
    batch.time[i] = words[at]! * 1e6;
  }
  batch.length = records;
}

/** Times must not decrease, and a next access must lie ahead: what no text and few other files do. */
function detect(head: Uint8Array): Detection {
  const records = Math.min(LOOKED_AT, Math.floor(head.length / RECORD_BYTES));
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  let lastTime = 0;
  for (let i = 0; i < records; i++) {
    const at = i * RECORD_BYTES;
    const time = view.getUint32(at, true);
    const nextHigh = view.getUint32(at + 20, true);
    const next = nextHigh * 2 ** 32 + view.getUint32(at + 16, true);
    const wrong = (what: string) => misfit(`binary record ${i + 1} ${what}`, at);
    if (time < lastTime) return wrong(`has time ${time}, expected at least ${lastTime}`);
    if (!isNextHigh(nextHigh) || (nextHigh < NEXT_HIGH_LIMIT && next <= i))
      return wrong('has a next access that is not ahead of it');
    lastTime = time;
  }
  return records === 0
    ? misfit(`${head.length} bytes, expected records of ${RECORD_BYTES}`)
    : { fit: FIT.likely };
}

export const oracleGeneral: RequestReader = {
  yields: 'requests',
  name: 'oracleGeneral',
  summary:
    'libCacheSim: binary records of 24 bytes, little-endian: u32 time (s), u64 id, u32 size, i64 next access',
  extensions: ['.oraclegeneral', '.oraclegeneral.bin'],
  source: 'https://github.com/1a1a11a/libCacheSim, traceReader/customizedReader/oracle/oracleGeneralBin.h',
  parameters: {},
  sides: {},
  kind: 'object',
  // The ids of its block traces are sectors.
  idBytes: 512,
  timed: true,
  detect,
  read(input) {
    let first = true;
    return readRecords(input, RECORD_BYTES, (words, records, batch, fail) => {
      recordIds.check(words, records, first, fail);
      first = false;
      decode(words, records, batch);
    });
  },
  recordIds,
};
