import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.js';
import { inputOf } from '../../../testing/readers.js';
import { eventLines } from '../../../testing/traces.js';
import { COUNTED_CALLS, DESCRIPTOR_CALLS, MEMORY_CALLS } from '../calls/calls-table.js';
import { PROCESS_CALLS } from '../calls/follow.js';
import { strace } from './import.js';

const README = readFileSync(packageFile('harness', 'trace', 'readers', 'strace', 'README.md'), 'utf8');

/** Names of calls in the table of the README, with what they become. */
const ROWS = README.split('\n')
  .filter((line) => /^\| `[a-z]/.test(line))
  .flatMap((line) => {
    const [, calls = '', become = ''] = line.split(' | ').length === 2 ? ['', ...line.split(' | ')] : [];
    return [...calls.matchAll(/`([a-z_0-9]+)`/g)].map(([, name]) => [name!, become] as const);
  });

/** What a log of one call counts as left out. */
async function leftOut(line: string): Promise<readonly string[]> {
  const input = inputOf(strace, `1  10.000000 ${line}\n`);
  await eventLines(await strace.open(input));
  return input.account.leftOut.map(([what]) => what);
}

describe('the table of calls in the README', () => {
  it('has each call that is followed or counted by name, and no other', () => {
    const known = [...MEMORY_CALLS.keys(), ...DESCRIPTOR_CALLS.keys(), ...COUNTED_CALLS, ...PROCESS_CALLS];
    const named = known.filter((name) => /^[a-z]/.test(name));
    expect([...new Set(ROWS.map(([name]) => name).filter((name) => name !== 'mmap2'))].sort()).toEqual(
      named.toSorted(),
    );
  });

  it('says truly which calls are counted by name, and that all others do not concern memory', async () => {
    for (const name of COUNTED_CALLS) {
      expect(ROWS.find(([call]) => call === name)?.[1]).toMatch(/^left out by name/);
      expect(await leftOut(`${name}(0x1000, 4096, 0) = 0`)).toEqual([`calls of ${name}`]);
    }
    expect(await leftOut('futex(0x1000, FUTEX_WAKE, 1) = 0')).toEqual(['calls that do not concern memory']);
    expect(await leftOut('futex(0x1000, FUTEX_WAIT, 1) = -1 EAGAIN (x)')).toEqual([
      'calls that do not concern memory',
    ]);
  });

  it('counts calls on memory that failed by name', async () => {
    for (const name of MEMORY_CALLS.keys()) {
      const args = name === 'prctl' ? 'PR_SET_MEMORY_MERGE, 1' : '0x1000, 4096, 0';
      expect(await leftOut(`${name}(${args}) = -1 EINVAL (Invalid argument)`)).toEqual([
        `calls of ${name} that failed`,
      ]);
    }
  });
});
