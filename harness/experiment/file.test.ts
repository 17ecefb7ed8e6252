import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExperiment } from './file.js';
import { checkAxes, planCells } from './plan.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-experiment-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The message for an experiment file with this text. */
function messageOf(text: string): string {
  const file = join(folder, 'e.yaml');
  writeFileSync(file, text);
  try {
    checkAxes(readExperiment(file));
    return 'no error';
  } catch (error) {
    return (error as Error).message.replace(file, 'e.yaml');
  }
}

describe('messages on experiment files', () => {
  it.each([
    [
      'a missing key',
      'name: x\ntraces: [postgresql]\n',
      'e.yaml:1:1: discard: expected a value, or a list of values',
    ],
    [
      'a value of another type',
      'name: 5\ntraces: [a.csv]\ndiscard: keep\n',
      'e.yaml:1:7: name: a number, expected a text',
    ],
    [
      'an empty list',
      'name: x\ntraces: []\ndiscard: keep\n',
      'e.yaml:2:9: traces: an empty list, expected a value',
    ],
    [
      'a trace that does not ship',
      'name: x\ntraces:\n  - postgresql\n  - postgres-resize\ndiscard: keep\n',
      /^e\.yaml:4:5: unknown shipped trace "postgres-resize", .*; did you mean postgresql-resize\?$/,
    ],
    [
      'one in a family',
      'name: x\nfamilies:\n  database: [postgres-resize]\ndiscard: keep\n',
      /^e\.yaml:3:14: unknown shipped trace "postgres-resize"/,
    ],
    [
      'a policy of a family',
      'name: x\nfamilies:\n  allocator: [redis]\ndiscard: keep\nfamily_discard:\n  allocator: [keep, jemaloc]\n',
      /^e\.yaml:6:21: unknown discard policy "jemaloc", .*; did you mean jemalloc\?$/,
    ],
    [
      'a family without traces',
      'name: x\nfamilies:\n  allocator: [redis]\ndiscard: keep\nfamily_discard:\n  alocator: [jemalloc]\n',
      /^e\.yaml:6:3: unknown family "alocator", expected one of allocator; did you mean allocator\?$/,
    ],
  ])('say where %s is, and what was expected', (_, text, message) => {
    if (typeof message === 'string') expect(messageOf(text)).toBe(message);
    else expect(messageOf(text)).toMatch(message);
  });
});

describe('huge pages of a family', () => {
  it('are those of its traces alone, besides the others, and checked as others are', () => {
    const file = join(folder, 'h.yaml');
    const text = (thp: string) =>
      `name: x\nfamilies: { a: [redis], b: [mariadb] }\ndiscard: keep\nfamily_thp: { a: ${thp} }\n`;
    writeFileSync(file, text('[always, never]'));
    const traces = ['a', 'b'].map((family) => ({ family, peakPages: 10, pageBytes: 4096, replicate: 1 }));
    const cells = planCells(readExperiment(file), traces).map(({ trace, thp }) => `${trace} ${thp}`);
    expect(cells).toEqual(['0 never', '0 always', '1 never']);
    writeFileSync(file, text('allways'));
    expect(() => checkAxes(readExperiment(file))).toThrow(/unknown thp "allways"/);
  });
});

describe('discard policies of a family', () => {
  it('are those of its traces alone, besides the others', () => {
    const file = join(folder, 'f.yaml');
    writeFileSync(
      file,
      'name: x\nfamilies: { a: [redis], b: [mariadb] }\ndiscard: [keep, free]\nfamily_discard: { a: [jemalloc, free] }\n',
    );
    const traces = ['a', 'b'].map((family) => ({ family, peakPages: 10, pageBytes: 4096, replicate: 1 }));
    const cells = planCells(readExperiment(file), traces).map(({ trace, discard }) => `${trace} ${discard}`);
    expect(cells).toEqual(['0 keep', '0 free', '0 jemalloc', '1 keep', '1 free']);
  });
});
