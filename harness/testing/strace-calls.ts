import { expect } from 'vitest';
import { LineAccount } from '../trace/readers/account.js';
import { useCall } from '../trace/readers/calls/call.js';
import { readCalls } from '../trace/readers/strace/read.js';

/** Some text as the bytes of a file. */
export async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** The calls of a log of strace, what is said of its other lines, and the clock. Checks that each line is counted once. */
export async function readLog(...lines: string[]) {
  const account = new LineAccount();
  const { calls, clock } = await readCalls({ file: 'log', bytes: bytesOf(`${lines.join('\n')}\n`), account });
  for (const call of calls) useCall(account, call);
  expect(account.total, 'each line is counted once').toBe(lines.length);
  return { calls, clock, left: account.leftOut, remarks: account.remarks };
}
