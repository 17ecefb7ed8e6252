import { describe, expect, it } from 'vitest';
import { type Case, conform, csvLines, skip } from '../../testing/conformance.js';
import { type KsmCounters, sysfs } from '../../testing/ksm.js';
import { Lab } from '../../testing/lab.js';
import { access } from '../mapping/access.js';
import type { Space } from '../state/space.js';

/** 4 processes of 4096 pages each: half of what each holds all four hold, a tenth is zero, a twentieth is rewritten. */
const PROCESSES = 4;
const PAGES = 4096;
const COMMON = 2048;
const ZEROS = 409;
const REWRITTEN = 204;

/** Full scans of the longest row. */
const SCANS = 52;

const PARAMETERS: Readonly<Record<string, string>> = {
  base_p10000_1: 'smart_scan=0,pages_to_scan=10000',
  smart_long: 'smart_scan=1,pages_to_scan=10000',
  zero_p10000: 'smart_scan=0,use_zero_pages=1,pages_to_scan=10000',
  default_p100: 'smart_scan=1,pages_to_scan=100',
};

function write(lab: Lab, space: Space, page: number, count: number, content: number, step: 0 | 1): void {
  access(lab.m, space, page, count, content, step);
}

/** The counters after each full scan; index 0 is before the first. */
function simulate(config: string): KsmCounters[] {
  const lab = new Lab({ merge: `ksm:${PARAMETERS[config]}` });
  let unlike = 1_000_000;
  const spaces = Array.from({ length: PROCESSES }, () => {
    const space = lab.spawn();
    lab.map(space, 0, PAGES, 'anon');
    write(lab, space, 0, COMMON, 1, 1);
    write(lab, space, COMMON, ZEROS, 0, 0);
    write(lab, space, COMMON + ZEROS, PAGES - COMMON - ZEROS, unlike, 1);
    unlike += PAGES;
    lab.madvise(space, 0, PAGES, 'MADV_MERGEABLE');
    return space;
  });
  const seen = [sysfs(lab)];
  for (let scan = 1; scan <= SCANS; scan++) {
    lab.fullScans(1);
    seen.push(sysfs(lab));
    for (const space of spaces) {
      write(lab, space, COMMON + ZEROS, REWRITTEN, unlike, 1);
      unlike += REWRITTEN;
    }
  }
  return seen;
}

/** What a row of ksm.csv says, as `sysfs` does. */
function rowCounters(fields: readonly string[]): KsmCounters {
  const [scans, scanned, shared, sharing, unshared, vol, skipped, zeroPages, chains, dups, profit] = fields
    .slice(2)
    .map(Number) as [number, number, number, number, number, number, number, number, number, number, number];
  return {
    scans,
    scanned,
    shared,
    sharing,
    unshared,
    volatile: vol,
    skipped,
    zeroPages,
    chains,
    dups,
    profit,
  };
}

const { rows } = csvLines('ksm.csv');
const simulated = new Map(Object.keys(PARAMETERS).map((config) => [config, simulate(config)]));

/**
 * Rows read between two full scans say how far ksmd had come: where each content lay was not recorded. From the second
 * full scan on the rows of `default_p100` are all alike, since nothing changes while all pages are young.
 */
function caseOf(line: string): Case {
  const fields = line.split(',');
  const config = fields[0]!;
  const row = rowCounters(fields);
  const scans = simulated.get(config)!;
  const mine = scans[row.scans]!;
  if (row.scanned === mine.scanned) return () => expect(row).toEqual(mine);
  if (config === 'default_p100' && row.scans >= 2)
    return () => {
      expect({ ...row, scanned: mine.scanned }).toEqual(mine);
      expect(row.scanned).toBeLessThan(scans[row.scans + 1]!.scanned);
    };
  return skip('read between two full scans: where each content lay was not recorded');
}

const ids = rows.map((line) => {
  const [config, seconds] = line.split(',');
  return `ksm.csv/${config} after ${seconds} s`;
});

conform('ksm.csv', ids, Object.fromEntries(rows.map((line, i) => [ids[i]!, caseOf(line)])));

/** Pages of one process and as many of another, equal in pairs after 40 scans; the other began `skew` scans later. */
function pairs(merge: string, skew: number, count: number, within: readonly number[]): number[] {
  const lab = new Lab({ merge: `${merge},sleep_millisecs=0,pages_to_scan=10000` });
  const begin = (content: number): Space => {
    const space = lab.spawn();
    lab.map(space, 0, count, 'anon');
    write(lab, space, 0, count, content, 1);
    lab.madvise(space, 0, count, 'MADV_MERGEABLE');
    return space;
  };
  const first = begin(1_000_000);
  lab.fullScans(skew);
  const second = begin(2_000_000);
  lab.fullScans(40);
  for (const space of [first, second]) write(lab, space, 0, count, 1, 1);
  let done = 0;
  return within.map((scans) => {
    lab.fullScans(scans - done);
    done = scans;
    return sysfs(lab).sharing;
  });
}

const phases = csvLines('smart_phase.csv').rows;

conform(
  'smart_phase.csv',
  phases.map((line) => `smart_phase.csv/${line}`),
  Object.fromEntries(
    phases.map((line) => [
      `smart_phase.csv/${line}`,
      () => {
        const [smart, skew, count, after30, after90] = line.split(',').map(Number) as [
          number,
          number,
          number,
          number,
          number,
        ];
        const seen = pairs(`ksm:smart_scan=${smart}`, skew, count, [2, 30, 90]);
        expect(seen.slice(1)).toEqual([after30, after90]);
        if (smart === 0) expect(seen[0]).toBe(count);
      },
    ]),
  ),
);

describe('either fix of smart scan merges old pairs at every skew', () => {
  it.each(['ksm-age-reset', 'ksm-skip-lookup'])('%s', (policy) => {
    for (let skew = 0; skew <= 19; skew++)
      expect(pairs(`${policy}:smart_scan=1`, skew, 8, [30]), `skew ${skew}`).toEqual([8]);
  });
});
