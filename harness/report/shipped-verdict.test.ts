import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { loadCosts } from '../cost/table.js';
import { readExperiment } from '../experiment/file.js';
import type { RunRow } from '../metrics/files.js';
import { ResultsFolder } from '../metrics/results.js';
import { traceFacts } from './facts.js';
import type { Selectable } from './selection.js';
import { type Verdict, verdictOf } from './verdict.js';
import { verdictText } from './verdict-text.js';

const shipped = ResultsFolder.open(packageFile('results', 'verdict'));
const { manifest, draws } = shipped;
const runs = shipped.rows('runs.csv');
const traces = manifest.traces.map(traceFacts);
const five = verdictOf({ runs, draws, traces });

/** What makes again what is stale. */
const ADVICE = 'stale: npm run verdict';

/** The results of one replicate, as `npm start` has the first. */
function replicate(number: number): Selectable {
  const own = runs.filter((row) => row.replicate === number || !several(row.trace));
  return { runs: own, draws, traces };
}

function several(trace: string): boolean {
  return manifest.traces.some((one) => one.trace === trace && (one.replicates ?? []).length > 1);
}

/** The results of one replicate with one draw of device latency. */
function draw(at: number): Selectable {
  const own = replicate(1).runs;
  const row = (run: RunRow): RunRow => ({ ...run, ...draws.get(run.cell)?.[at], cell: run.cell });
  const drawn = own.map((run) => [run.cell, (draws.get(run.cell) ?? []).slice(at, at + 1)] as const);
  return { runs: own.map(row), draws: new Map(drawn), traces };
}

/** What is said otherwise than with all replicates and draws. Of several policies that tie any one may be ahead. */
function contradictions(one: Verdict): string[] {
  return five.parts.flatMap((part) => {
    const name = `${part.family} ${part.kind}`;
    const other = one.parts.find(({ family, kind }) => family === part.family && kind === part.kind)!;
    const use = part.use.flatMap(({ traces: labels, names }) =>
      labels.filter((label) => {
        const chosen = other.use.find((each) => each.traces.includes(label))?.names ?? [];
        return !names.some((policy) => chosen.includes(policy));
      }),
    );
    const lists = (['useless', 'refused', 'lazy'] as const).filter(
      (list) => other[list].join() !== part[list].join(),
    );
    return [...use.map((label) => `${name}: ${label}`), ...lists.map((list) => `${name}: ${list}`)];
  });
}

describe('the shipped verdict', () => {
  it('is of the default comparison, with the traces and costs that are shipped', () => {
    const experiment = readExperiment(packageFile('workloads', 'experiments', 'default.yaml'));
    const known = JSON.parse(readFileSync(packageFile('traces', 'manifest.json'), 'utf8')) as {
      traces: Record<string, { sha256: string }>;
    };
    const entries = experiment.traces.map(({ entry }) =>
      typeof entry === 'string' ? entry : entry.workload,
    );
    expect(
      manifest.traces.map(({ source }) => (typeof source === 'string' ? source : source.workload)),
      ADVICE,
    ).toEqual(entries);
    for (const { source, trace_sha256 } of manifest.traces)
      if (typeof source === 'string')
        expect(trace_sha256, `${source} is ${ADVICE}`).toBe(known.traces[source]?.sha256);
    const costs = createHash('sha256').update(JSON.stringify(loadCosts())).digest('hex');
    expect(manifest.costs.sha256, `costs are ${ADVICE}`).toBe(costs);
  });

  it('rests on five replicates and five draws, of which none says anything else by itself', () => {
    expect([five.replicates, five.draws]).toEqual([5, 5]);
    for (const number of [1, 2, 3, 4, 5]) expect(contradictions(verdictOf(replicate(number)))).toEqual([]);
    for (const at of [0, 1, 2, 3, 4]) expect(contradictions(verdictOf(draw(at)))).toEqual([]);
  });

  it('is what results/README.md shows', () => {
    const readme = readFileSync(packageFile('results', 'README.md'), 'utf8');
    expect(readme, 'npm run verdict, and its first lines into results/README.md').toContain(
      verdictText(five),
    );
  });
});
