import { InputError } from '../../base/errors.js';
import { parseManifest } from '../../metrics/manifest.js';
import { SCHEMA_VERSION } from '../../metrics/schema.js';
import { compareResults } from '../compare.js';
import type { Perf } from '../read/perf.js';
import type { Experiment, Results } from '../read/results.js';
import { allFindings, type Report } from '../report.js';
import { type Injection, type InjectionClass, injectionClasses } from './injections.js';
import { sampleExperiment, samplePerf, sampleResults } from './sample.js';

/** One line of a self-test. */
export interface Check {
  readonly name: string;
  /** What the gate must do with it. */
  readonly wanted: string;
  readonly passed: number;
  readonly of: number;
}

/** How often noise is measured again, how many things are timed, and how many samples each has. */
const RERUNS = 10;
const TIMED = Array.from({ length: 10 }, (_, i) => `timed/${i}`);
const SAMPLES = 10;
const SLOWDOWN = 0.05;

const OPTIONS = { tolerances: new Map(), strict: false, allowTraceChange: false };

/** The same wall times, of another host. */
function ofHost({ samples }: Perf, host: string): Perf {
  return { host, samples: new Map([...samples].map(([name, values]) => [name, { ...values, host }])) };
}

function isCaught(baseline: Experiment, { experiment, kind, fails }: Injection): boolean {
  const report = compareResults(sampleResults(baseline), sampleResults(experiment), OPTIONS);
  const reported = allFindings(report).some(({ finding }) => finding.kind === kind);
  return reported && (report.verdict === 'fail') === fails;
}

function injectionCheck(baseline: Experiment, { name, injections }: InjectionClass): Check {
  return {
    name,
    wanted: injections.every(({ fails }) => fails) ? 'fails' : 'is reported, passes',
    passed: injections.filter((injection) => isCaught(baseline, injection)).length,
    of: injections.length,
  };
}

/** Results of another schema version are not read at all. */
function schemaCheck(): Check {
  let refused = false;
  try {
    parseManifest(JSON.stringify({ schema: SCHEMA_VERSION + 1 }), 'manifest.json');
  } catch (error) {
    refused = error instanceof InputError;
  }
  return { name: 'another schema version', wanted: 'is bad input', passed: passes(refused), of: 1 };
}

function timeReport(baseline: Perf, candidate: Perf, reruns?: readonly [Perf, Perf]): Report {
  const before: Results = { ...sampleResults(undefined, baseline), rerun: reruns?.[0] };
  const after: Results = { ...sampleResults(undefined, candidate), rerun: reruns?.[1] };
  return compareResults(before, after, OPTIONS);
}

function passes(check: boolean): number {
  return check ? 1 : 0;
}

/** Which of the timed things the gate calls slower. */
function slower({ times }: Report): number {
  return times.filter(({ findings }) => findings.some(({ kind }) => kind === 'slower')).length;
}

function timeChecks(): Check[] {
  const baseline = samplePerf('baseline', TIMED, SAMPLES);
  const slow = samplePerf('slow', TIMED, SAMPLES, SLOWDOWN);
  // As `reclaim bench --against` does it: what seems slower is timed again.
  const noise = Array.from({ length: RERUNS }, (_, run) =>
    timeReport(baseline, samplePerf(`rerun ${run}`, TIMED, SAMPLES), [
      samplePerf(`baseline of rerun ${run}`, TIMED, SAMPLES),
      samplePerf(`rerun ${run} again`, TIMED, SAMPLES),
    ]),
  );
  const again = [
    samplePerf('baseline again', TIMED, SAMPLES),
    samplePerf('slow again', TIMED, SAMPLES, SLOWDOWN),
  ] as const;
  const unconfirmed = timeReport(baseline, slow, [again[0], samplePerf('quiet again', TIMED, SAMPLES)]);
  const elsewhere = compareResults(
    sampleResults(sampleExperiment(), baseline),
    sampleResults(sampleExperiment(), ofHost(slow, 'other host')),
    OPTIONS,
  );
  return [
    {
      name: `wall time: ${100 * SLOWDOWN} % slower`,
      wanted: 'fails',
      passed: slower(timeReport(baseline, slow)),
      of: TIMED.length,
    },
    {
      name: `wall time: ${100 * SLOWDOWN} % slower, and when rerun`,
      wanted: 'fails',
      passed: slower(timeReport(baseline, slow, again)),
      of: TIMED.length,
    },
    {
      name: 'wall time: slower at first, not when rerun',
      wanted: 'is reported, passes',
      passed: TIMED.length - slower(unconfirmed),
      of: TIMED.length,
    },
    {
      name: `wall time: noise of ${RERUNS} reruns`,
      wanted: 'passes',
      passed: noise.filter(({ verdict }) => verdict === 'pass').length,
      of: RERUNS,
    },
    {
      name: 'wall time: another host',
      wanted: 'is not compared, passes',
      passed: passes(
        elsewhere.verdict === 'pass' && elsewhere.general.some(({ kind }) => kind === 'not-compared'),
      ),
      of: 1,
    },
  ];
}

/**
 * Injects what a gate must catch into copies of results, and reports what was caught.
 *
 * @param experiment the results to inject into; made up where none are given
 */
export function selfTest(experiment: Experiment = sampleExperiment()): Check[] {
  const same = compareResults(sampleResults(experiment), sampleResults(experiment), {
    ...OPTIONS,
    strict: true,
  });
  const identical = same.verdict === 'pass' && allFindings(same).length === 0;
  return [
    { name: 'identical results', wanted: 'passes', passed: passes(identical), of: 1 },
    ...injectionClasses(experiment).map((injected) => injectionCheck(experiment, injected)),
    schemaCheck(),
    ...timeChecks(),
  ];
}
