import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../base/errors.js';
import { packageFile } from '../../../base/package-root.js';
import { propertyRuns } from '../../../testing/property-runs.js';
import { inputOf } from '../../../testing/readers.js';
import { comparable } from '../../../testing/strace-matrix.js';
import { eventLines } from '../../../testing/traces.js';
import { strace } from './import.js';

// Logs of matrix.c by strace 6.1 (see strace-matrix.system.test.ts for the options).
const FOLDER = packageFile('harness', 'trace', 'readers', 'strace', 'samples');
const LOGS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.strace'))
  .map((name) => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') }));
const EXPECTED = readFileSync(join(FOLDER, 'events.txt'), 'utf8').trimEnd().split('\n');

/** Imports a log, and checks that each of its lines is counted once. */
async function imported(text: string): Promise<string[]> {
  const input = inputOf(strace, text, { given: { memory: 'all' } });
  const events = await eventLines(await strace.open(input));
  const lines = text.split('\n').length - (text.endsWith('\n') || text === '' ? 1 : 0);
  expect(input.account.total, 'each line is counted once').toBe(lines);
  return events;
}

describe('logs of one program', () => {
  it.each(LOGS)('$name has its events', async ({ name, text }) => {
    const named = name !== 'raw.strace';
    const expected = named ? EXPECTED : EXPECTED.map((event) => event.replace(/^(spawn,.*,).*/, '$1'));
    expect(comparable(await imported(text), named)).toEqual(expected);
  });
});

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
/** What happens to logs: bytes and lines are lost, repeated, moved, or come from elsewhere. */
const mutation = fc.record({
  kind: fc.constantFrom('cut', 'drop', 'repeat', 'swap', 'insert', 'join', 'split', 'character', 'end'),
  at: place,
  to: place,
  text: fc.oneof(
    fc.constantFrom('(', ' = ', '<', '"', '<unfinished ...>', 'strace: Process 9 attached'),
    fc.string(),
  ),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutated(text: string, { kind, at, to, text: other }: Mutation): string {
  const lines = text.split('\n');
  const line = Math.floor(at * lines.length);
  const column = Math.floor(to * lines[line]!.length);
  const second = Math.floor(to * lines.length);
  const [start, rest] = [lines[line]!.slice(0, column), lines[line]!.slice(column)];
  if (kind === 'cut') lines[line] = start;
  else if (kind === 'drop') lines.splice(line, 1);
  else if (kind === 'repeat') lines.splice(second, 0, lines[line]!);
  else if (kind === 'swap') [lines[line], lines[second]] = [lines[second]!, lines[line]!];
  else if (kind === 'insert') lines.splice(line, 0, other);
  else if (kind === 'join') lines.splice(line, 2, lines.slice(line, line + 2).join(''));
  else if (kind === 'split') lines.splice(line, 1, start, rest);
  else if (kind === 'character') lines[line] = `${start}${other}${rest.slice(1)}`;
  else return lines.slice(0, line).join('\n') + start;
  return lines.join('\n');
}

describe('damaged logs', () => {
  it('are read or refused, and each of their lines is counted once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...LOGS),
        fc.array(mutation, { maxLength: 8 }),
        async ({ text }, mutations) => {
          const damaged = mutations.reduce(mutated, text);
          try {
            await imported(damaged);
          } catch (error) {
            // The assertion above is no InputError.
            if (!(error instanceof InputError)) throw error;
          }
        },
      ),
      { numRuns: propertyRuns(600) },
    );
  });
});
