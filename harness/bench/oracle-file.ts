import { open } from 'node:fs/promises';
import { randomStream } from '../stats/random.js';
import { zipfRanks } from './strings.js';

/** A record of an oracleGeneral file of libCacheSim: u32 time, u64 id, u32 size, i64 next access; little-endian. */
const RECORD_BYTES = 24;
const RECORDS_A_WRITE = 65_536;
const SKEW = 0.8;
/** Every object is one page, and its next access is not known. */
const OBJECT_BYTES = 4096;
const REQUESTS_A_SECOND = 1_000_000;

/** Requests an id, so that most of them are not first uses. */
const REQUESTS_AN_ID = 10;

/** Distinct ids that a file of that many requests draws from. */
export function idsFor(requests: number): number {
  return Math.max(10, Math.floor(requests / REQUESTS_AN_ID));
}

/** 64-bit ids lie scattered, as hashes do: the lower half is a product with an odd number, so none comes twice. */
function writeRecord(records: DataView, at: number, rank: number, request: number): void {
  records.setUint32(at, Math.floor(request / REQUESTS_A_SECOND), true);
  records.setUint32(at + 4, Math.imul(rank, 0x9e3779b1) >>> 0, true);
  records.setUint32(at + 8, Math.imul(rank ^ 0x5bd1e995, 0x85ebca6b) >>> 1, true);
  records.setUint32(at + 12, OBJECT_BYTES, true);
  records.setInt32(at + 16, -1, true);
  records.setInt32(at + 20, -1, true);
}

/** Writes independent requests with popularity by Zipf's law as an oracleGeneral file; the same bytes every time. */
export async function writeOracleGeneral(path: string, requests: number): Promise<void> {
  const draw = zipfRanks(idsFor(requests), SKEW, randomStream(1, 'bench/path'));
  const records = new DataView(new ArrayBuffer(RECORDS_A_WRITE * RECORD_BYTES));
  const file = await open(path, 'w');
  try {
    for (let done = 0; done < requests; done += RECORDS_A_WRITE) {
      const count = Math.min(RECORDS_A_WRITE, requests - done);
      for (let i = 0; i < count; i++) writeRecord(records, i * RECORD_BYTES, draw(), done + i);
      await file.write(new Uint8Array(records.buffer, 0, count * RECORD_BYTES));
    }
  } finally {
    await file.close();
  }
}
