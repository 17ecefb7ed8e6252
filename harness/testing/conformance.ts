import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';

/** Where the suite and its data are. */
export const FOLDER = packageFile('harness', 'machine', 'conformance');

/** Why a case has no test. */
interface Skipped {
  readonly skipped: string;
}

/** The test of a case, or why it has none. */
export type Case = (() => void | Promise<void>) | Skipped;

/** A case without a test. @param reason what the model lacks */
export function skip(reason: string): Case {
  return { skipped: reason };
}

function isSkipped(value: Case): value is Skipped {
  return typeof value !== 'function';
}

/** The same case for several ids. */
export function each(ids: readonly string[], of: (id: string) => Case): Record<string, Case> {
  return Object.fromEntries(ids.map((id) => [id, of(id)]));
}

/** Text of a file of expectations. */
function expectations(file: string): string {
  return readFileSync(join(FOLDER, 'expectations', file), 'utf8');
}

/** A case of a JSON file of expectations. */
export interface JsonCase {
  readonly id: string;
  readonly setup?: string;
  readonly call?: string;
  readonly ret?: number | string;
  readonly errno?: string;
}

/** The cases of a JSON file of expectations. */
export function jsonCases(file: string): readonly JsonCase[] {
  return (JSON.parse(expectations(file)) as { cases: JsonCase[] }).cases;
}

/** The rows of a CSV file of expectations, without its header; no field is quoted. */
export function csvLines(file: string): { header: string; rows: readonly string[] } {
  const [header = '', ...rows] = expectations(file).trimEnd().split('\n');
  return { header, rows };
}

/**
 * Makes the cases of a group into tests named by their ids, and checks that none is missing: each id of the data has
 * a test or a reason why not, and the table in the folder's README.md states how many.
 *
 * @param group the group's name in that table
 * @param ids what the data holds
 */
export function conform(group: string, ids: readonly string[], cases: Readonly<Record<string, Case>>): void {
  describe(group, () => {
    for (const [id, value] of Object.entries(cases)) {
      if (isSkipped(value)) it.skip(`${id} (${value.skipped})`);
      else it(id, value);
    }
  });
  describe(`${group}: the data and the tests agree`, () => {
    it('every id of the data has a test or a reason, once', () => {
      expect(new Set(ids).size).toBe(ids.length);
      expect(Object.keys(cases).sort()).toEqual([...ids].sort());
    });

    it('a skip says why', () => {
      for (const [id, value] of Object.entries(cases)) {
        if (isSkipped(value)) expect(value.skipped.length, id).toBeGreaterThan(10);
      }
    });

    it('README.md states the count', () => {
      const skipped = Object.values(cases).filter(isSkipped).length;
      expect(statedCounts().get(group)).toEqual({ run: ids.length - skipped, skipped });
    });
  });
}

/** What the table in the folder's README.md says of each group. */
export function statedCounts(): Map<string, { run: number; skipped: number }> {
  const counts = new Map<string, { run: number; skipped: number }>();
  const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  for (const [, group, run, skipped] of readme.matchAll(/^\| ([^|]+) \| (\d+) \| (\d+) \|$/gm)) {
    counts.set(group!, { run: Number(run), skipped: Number(skipped) });
  }
  return counts;
}

/** A row of b_edge.csv: what a call returned, and what was seen after it. */
export interface EdgeRow {
  readonly ret: string;
  readonly errno: string;
  readonly note: string;
}

/** The rows of b_edge.csv by their ids. The text of a case may hold commas, its other fields have none. */
export function edgeRows(): Map<string, EdgeRow> {
  return new Map(
    csvLines('b_edge.csv').rows.map((line) => {
      const [, text, ret, errno, note] = /^(.*),(-?\d+),(\w+),([^,]*)$/.exec(line) as unknown as string[];
      return [`b_edge/${text}`, { ret, errno, note } as EdgeRow];
    }),
  );
}
