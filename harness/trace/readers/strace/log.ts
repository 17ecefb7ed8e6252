import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { InputError } from '../../../base/errors.js';
import type { InputFile } from '../reader.js';
import { type Call, CallReader } from './calls.js';

/**
 * All calls of a log of strace, in the order in which they ended.
 *
 * @throws InputError with the line that is not strace's, or where there is no call
 */
export async function readCalls({ bytes, file }: InputFile): Promise<Call[]> {
  const reader = new CallReader(file);
  const lines = createInterface({
    input: Readable.from(bytes),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  const calls: Call[] = [];
  for await (const line of lines) {
    const call = reader.read(line);
    if (call) calls.push(call);
  }
  if (calls.length === 0)
    throw new InputError('no system calls in this log, expected the output of strace -f -ttt -T', { file });
  return calls;
}
