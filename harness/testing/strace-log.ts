import { expect } from 'vitest';
import { strace } from '../trace/readers/strace/import.js';
import { inputOf } from './readers.js';
import { eventLines } from './traces.js';

/** What a log of strace becomes: its events without times, and what its account says. Its lines begin with a thread, and get times. */
export async function importedLog(calls: string, given: Readonly<Record<string, string>> = {}) {
  const lines = calls.trim().split('\n');
  const log = lines.map((line, i) => line.trim().replace(/^(\d+) /, `$1 100.${String(i).padStart(6, '0')} `));
  const input = inputOf(strace, `${log.join('\n')}\n`, { given });
  const source = await strace.open(input);
  const events = (await eventLines(source)).map((event) => event.replace(/^\d+,/, ''));
  const { account } = input;
  expect(account.total, 'each line is counted once').toBe(lines.length);
  return { events, left: account.leftOut, remarks: account.remarks, meta: source.meta };
}
