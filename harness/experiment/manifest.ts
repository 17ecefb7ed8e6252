import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { LoadedCosts } from '../cost/table.js';
import { type Host, programCommit, thisHost, VERSION } from '../metrics/host.js';
import { OUTCOMES, SCHEMA_VERSION } from '../metrics/schema.js';
import type { Experiment } from './file.js';
import type { KeptResult } from './journal.js';
import type { PreparedTrace } from './prepare.js';
import { traceSource } from './traces.js';

/** A trace, opened or not. */
type TraceFacts = Omit<PreparedTrace, 'handle'>;

/** What manifest.json says about a run, besides the hashes of files. */
export interface ManifestFacts {
  readonly experiment: Experiment;
  readonly traces: readonly TraceFacts[];
  readonly costs: LoadedCosts;
  readonly policyModules: readonly string[];
  /** The command line; undefined where a program ran the experiment. */
  readonly command: string | undefined;
  /** How many cells were planned. */
  readonly planned: number;
  /** The results so far, in the order of the cells. */
  readonly results: readonly Pick<KeptResult, 'cell' | 'outcome' | 'reason' | 'wallNs' | 'host'>[];
}

/** What distinguishes a replicate of a trace. What was recorded has one, without a source of its own. */
function replicateOf({ replicate, source, sha256, events, peakPages }: TraceFacts): object {
  return {
    replicate,
    ...(typeof source !== 'string' && { seed: source.seed }),
    trace_sha256: sha256,
    events,
    peak_pages: peakPages,
  };
}

/** What the manifest says of a trace, with its replicates. */
function traceFacts(trace: TraceFacts, all: readonly TraceFacts[]): object {
  return {
    trace: trace.label,
    source: trace.source,
    family: trace.family,
    trace_sha256: trace.sha256,
    events: trace.events,
    peak_pages: trace.peakPages,
    page_bytes: trace.pageBytes,
    touches: trace.touches,
    ...(trace.sample > 1 && { sample: trace.sample }),
    provenance: trace.origin.whole,
    provenance_of: trace.origin.parts,
    duration_us: trace.durationUs,
    gives_back: {
      private_pages: trace.givesBack.privatePages,
      shared_pages: trace.givesBack.sharedPages,
    },
    replicates: all.filter(({ label }) => label === trace.label).map(replicateOf),
  };
}

/** The hosts that cells ran on, in the order of the cells, with how many did and the wall time that these took. */
export function hostsOf(
  results: readonly Pick<KeptResult, 'host' | 'wallNs'>[],
): (Host & { readonly cells: number; readonly wall_ns: number })[] {
  const hosts = new Map<string, Host & { cells: number; wall_ns: number }>();
  for (const { host, wallNs } of results) {
    const known = hosts.get(host.host) ?? { ...host, cells: 0, wall_ns: 0 };
    known.cells++;
    known.wall_ns += wallNs;
    hosts.set(host.host, known);
  }
  return [...hosts.values()];
}

/** The content of manifest.json. */
export function manifestOf(facts: ManifestFacts): object {
  const { experiment, traces, results, costs: loaded } = facts;
  const { file: _path, placeOf: _placeOf, traces: listed, ...definition } = experiment;
  const { costs, fromDefault } = loaded;
  const hosts = hostsOf(results);
  const outcomes = OUTCOMES.map((outcome) => [
    outcome,
    results.filter((result) => result.outcome === outcome).length,
  ]);
  const unfinished = results
    .filter((result) => result.outcome !== 'ok')
    .map(({ cell, outcome, reason }) => ({ cell, outcome, reason }));
  return {
    schema: SCHEMA_VERSION,
    program: { name: 'reclaim-bench', version: VERSION, commit: programCommit() },
    command: facts.command,
    host: results[0]?.host ?? thisHost(),
    ...(hosts.length > 1 && { hosts }),
    experiment: { ...definition, traces: listed.map(({ place: _place, ...trace }) => trace) },
    costs: {
      file:
        experiment.costs === undefined ? undefined : traceSource(experiment.costs, dirname(experiment.file)),
      name: costs.name,
      provenance: costs.provenance,
      sha256: createHash('sha256').update(JSON.stringify(costs)).digest('hex'),
      ...(fromDefault.length > 0 && { from_default: fromDefault }),
    },
    policy_modules: facts.policyModules,
    traces: traces.filter(({ replicate }) => replicate === 1).map((trace) => traceFacts(trace, traces)),
    seed: experiment.seed,
    draws: experiment.draws,
    replicates: experiment.replicates,
    cells: { planned: facts.planned, ...Object.fromEntries(outcomes) },
    not_ok: unfinished,
  };
}
