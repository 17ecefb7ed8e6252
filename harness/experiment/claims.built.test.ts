import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { judgeClaims } from '../report/claims.js';
import { TRACE } from '../testing/cli-folder.js';
import { memoryFolder } from '../testing/folder.js';
import { readExperiment } from './file.js';
import { runExperiment } from './run.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(memoryFolder(), 'reclaim-claims-'));
  writeFileSync(join(folder, 'a.csv'), TRACE);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const EXPERIMENT = `name: e
traces: [a.csv]
discard: [keep, remove]
limits: [none, 75%]
claims:
  - id: saved
    claim: removing saves memory
    source: a thread
    claimed: 0
    relation: ">"
    value:
      column: saved_pages_mean
      where: { discard: remove, limit_pages: null }
`;

function read(text: string) {
  writeFileSync(join(folder, 'e.yaml'), text);
  return readExperiment(join(folder, 'e.yaml'));
}

const run = (text: string) =>
  runExperiment(read(text), {
    out: join(folder, 'out'),
    workers: 1,
    resume: false,
    policyModules: [],
    command: 'test',
  });

describe('claims of an experiment', () => {
  it('are read with defaults, and select cells by the columns of runs.csv', async () => {
    const { claims } = read(EXPERIMENT);
    expect(claims).toEqual([
      {
        id: 'saved',
        claim: 'removing saves memory',
        source: 'a thread',
        claimed: 0,
        relation: '>',
        tolerance: 0,
        value: { column: 'saved_pages_mean', where: { discard: 'remove', limit_pages: null } },
        times: 1,
        plus: 0,
        unit: '',
      },
    ]);
    const { runs } = await run(EXPERIMENT);
    expect(judgeClaims(claims, runs)[0]?.verdict).toBe('holds');
  });

  it('are none where the file has none', () => {
    expect(read(EXPERIMENT.slice(0, EXPERIMENT.indexOf('claims:'))).claims).toEqual([]);
  });

  const wrong: readonly (readonly [what: string, from: string, to: string, message: RegExp])[] = [
    [
      'an unknown key',
      'claimed: 0',
      'claims: 0',
      /e\.yaml:9:5: unknown key of a claim "claims", expected one of id, claim, .*; did you mean claim\?$/,
    ],
    [
      'an unknown key of a value',
      'where:',
      'were:',
      /e\.yaml:13:7: unknown key of a claim "were", expected one of column, where; did you mean where\?$/,
    ],
    [
      'a missing key',
      '    source: a thread\n',
      '',
      /e\.yaml:6:5: claims\.0\.source: missing, expected a text/,
    ],
    ['an unknown relation', '">"', '"~"', /e\.yaml:10:15: claims\.0\.relation: /],
    [
      'an unknown column',
      'saved_pages_mean',
      'saved_page_mean',
      /e\.yaml:12:15: unknown column of numbers "saved_page_mean", .*; did you mean saved_pages_mean\?$/,
    ],
    [
      'a column that selects no cells',
      'discard: remove',
      'discards: remove',
      /e\.yaml:13:14: unknown column to select a cell by "discards", expected one of trace, .*; did you mean discard\?$/,
    ],
    [
      'an invalid value',
      'discard: remove',
      'discard: [remove]',
      /e\.yaml:13:25: claims\.0\.value\.where\.discard: expected a text, a number or null/,
    ],
    [
      'two claims of one id',
      'claims:\n',
      `claims:\n${EXPERIMENT.slice(EXPERIMENT.indexOf('  - id'))}`,
      /e\.yaml:14:9: two claims are called saved, expected different ids/,
    ],
    [
      'a cell that does not exist',
      'discard: remove',
      'discard: punch',
      /e\.yaml: claim saved: value selects no cell: none has discard punch, expected one of keep, remove$/,
    ],
    [
      'several cells',
      ', limit_pages: null',
      '',
      /e\.yaml: claim saved: value selects 2 cells, expected one: they differ in limit$/,
    ],
  ];
  for (const [what, from, to, message] of wrong) {
    it(`with ${what} are refused in one line, before anything runs`, async () => {
      await expect((async () => run(EXPERIMENT.replace(from, to)))()).rejects.toThrow(message);
      expect(existsSync(join(folder, 'out'))).toBe(false);
    });
  }
});

/** The shipped claims, but for those about the benchmark of volatile ranges, which takes 16 million faults a cell. */
describe('claims.yaml', () => {
  it('has the verdicts that are known', async () => {
    const whole = readExperiment(packageFile('workloads', 'experiments', 'claims.yaml'));
    const claims = whole.claims.filter(({ id }) => !/^C[89]-/.test(id));
    const traces = whole.traces.filter(
      ({ entry }) => typeof entry !== 'string' && entry.params.as === undefined,
    );
    expect([traces.length, claims.length]).toEqual([6, 10]);
    const { runs } = await runExperiment(
      { ...whole, claims, traces },
      { out: join(folder, 'out'), workers: 2, resume: false, policyModules: [], command: 'test' },
    );
    const judged = judgeClaims(claims, runs);
    expect(judged.map(({ claim, verdict }) => `${claim.id} ${verdict}`)).toEqual([
      'C2-rate holds',
      'C2-scan holds',
      'C10-64 holds',
      'C10-32 does not hold',
      'C10-even holds',
      'C14-rss holds',
      'C14-faults holds',
      'C14-stall holds',
      'C16-dontneed holds',
      'C16-punch holds',
    ]);
    const computed = new Map(judged.map((one) => [one.claim.id, one.computed]));
    expect(computed.get('C10-64')).toBe(1.5625);
    expect(computed.get('C10-32')).toBe(0.78125);
    expect(computed.get('C10-even')).toBe(1);
    expect(computed.get('C16-dontneed')).toBe(0);
  });
});
