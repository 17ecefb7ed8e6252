import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ANSWERS_AT, LIVE_OP, MOST_OPS, OPS_AT, SHARED_BYTES, TEXT_AT } from './protocol.js';
import { type Channel, LiveTimeout, Session } from './session.js';

/** An executor that answers each op with its number in the request and twice its page, and the text it got backwards. */
class Echo implements Channel {
  readonly requests: number[] = [];
  readonly counts: bigint[] = [];

  constructor(readonly shared: number) {}

  exchange(): void {
    const header = new Uint32Array(3);
    readSync(this.shared, header, 0, 12, 0);
    const [, ops, text] = header;
    this.requests.push(ops!);
    const words = new DataView(new ArrayBuffer(40));
    const answer = new Int32Array(4);
    for (let i = 0; i < Math.min(ops!, 100); i++) {
      readSync(this.shared, words, 0, 40, OPS_AT + i * 40);
      this.counts.push(words.getBigInt64(16, true));
      answer.set([i % 7 === 3 ? 22 : 0, Number(words.getBigUint64(8, true) * 2n), i, 0]);
      writeSync(this.shared, answer, 0, 16, ANSWERS_AT + i * 16);
    }
    const bytes = Buffer.alloc(text!);
    readSync(this.shared, bytes, 0, text!, TEXT_AT);
    writeSync(this.shared, bytes.reverse(), 0, text!, TEXT_AT);
  }

  async close(): Promise<void> {}
}

let folder: string;
let shared: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-session-'));
  const file = join(folder, 'shared');
  writeFileSync(file, Buffer.alloc(SHARED_BYTES));
  shared = openSync(file, 'r+');
});
afterEach(() => {
  closeSync(shared);
  rmSync(folder, { recursive: true });
});

it('sends what is queued when an answer is needed, and hands over all answers in order', () => {
  const echo = new Echo(shared);
  const session = new Session(echo);
  const heard: [number, number, number][] = [];
  session.onAnswer = (index, { error, value }) => heard.push([index, error, value]);
  for (let page = 0; page < 5; page++) session.queue(LIVE_OP.read, 1, page, -3, 0, 0);
  expect(echo.requests).toEqual([]);
  const { value, text } = session.call(LIVE_OP.get, { page: 2 ** 30, count: 2 ** 40 }, '/proc/abc');
  expect([value, text]).toEqual([2 ** 31, 'cba/corp/']);
  expect(echo.requests).toEqual([6]);
  expect(echo.counts).toEqual([-3n, -3n, -3n, -3n, -3n, 2n ** 40n]);
  expect(heard.map(([index]) => index)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(heard[3]).toEqual([3, 22, 6]);
  expect(session.exchanges).toBe(1);
});

it('sends a full request by itself, and nothing twice', () => {
  const echo = new Echo(shared);
  const session = new Session(echo);
  for (let i = 0; i <= MOST_OPS; i++) session.queue(LIVE_OP.read, 1, i, 1, 0, 0);
  session.flush();
  session.flush();
  expect(echo.requests).toEqual([MOST_OPS, 1]);
});

it('is not asked again when it did not answer in time', () => {
  const channel = new Echo(shared);
  const session = new Session(channel);
  const late = new LiveTimeout('late');
  channel.exchange = () => {
    throw late;
  };
  session.queue(LIVE_OP.read, 1, 0, 1, 0, 0);
  expect(() => session.flush()).toThrow(late);
  expect(session.lost).toBe(late);
  channel.exchange = () => expect.unreachable('it is asked');
  expect(() => session.call(LIVE_OP.census)).toThrow(late);
});
