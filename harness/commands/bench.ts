import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { zipf } from '../../workloads/zipf/zipf.js';
import { EXIT, InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { parseParameters } from '../base/parameters.js';
import type { BenchResult, Suite } from '../bench/case.js';
import { BenchInputs } from '../bench/inputs.js';
import { MACHINE_PAGES } from '../bench/machine.js';
import { type BenchTrace, loadForBench } from '../bench/memory-trace.js';
import type { Peers } from '../bench/peers/suite.js';
import { perfRows, timeCase } from '../bench/run.js';
import { benchSuites, filterCases } from '../bench/suites.js';
import { suiteText } from '../bench/table.js';
import { LEAST_SAMPLES } from '../gate/times.js';
import { csvHeader, csvRows } from '../metrics/csv.js';
import { BENCH_PERF_COLUMNS } from '../metrics/files.js';
import { programCommit, thisHost, VERSION } from '../metrics/host.js';
import { addFiles, checkFolder } from '../output/adding.js';
import { randomStream } from '../stats/random.js';
import { benchAgainst } from './bench-against.js';
import { type Command, outFlag, quietFlag, wholeFlag } from './flags.js';
import { Progress } from './progress.js';
import { note, print } from './terminal.js';

interface Args {
  suite?: string;
  filter?: string;
  against?: string;
  samples?: number;
  events: number;
  requests: number;
  cachesim?: string;
  lruCache?: string;
  out?: string;
  quiet: boolean;
}

/** Samples per case by default; a comparison needs more. */
const SAMPLES = 5;
const AGAINST_SAMPLES = 10;

function builder(yargs: Argv): Argv {
  return yargs.options({
    suite: {
      type: 'string',
      describe:
        'only these suites, separated by commas: text, machine, policies, shared-process, twins, wasm, path, peers',
      requiresArg: true,
    },
    filter: { type: 'string', describe: 'only cases whose name contains this', requiresArg: true },
    against: {
      type: 'string',
      describe:
        'also build this revision, time both in turn and compare: exit code 1 when the current one is slower',
      requiresArg: true,
    },
    samples: {
      type: 'number',
      describe: `timed runs of each case, after one to warm up (default: ${SAMPLES}, with --against ${AGAINST_SAMPLES})`,
      requiresArg: true,
    },
    events: { type: 'number', default: 4_000_000, describe: 'events of the trace', requiresArg: true },
    requests: {
      type: 'number',
      default: 1_000_000,
      describe: 'requests of each reference string',
      requiresArg: true,
    },
    cachesim: {
      type: 'string',
      describe: "libCacheSim's program cachesim, to run the suite peers with it",
      requiresArg: true,
    },
    'lru-cache': {
      type: 'string',
      describe: "the folder of npm's package lru-cache, to run the suite peers with it",
      requiresArg: true,
    },
    ...outFlag,
    ...quietFlag,
  });
}

/** The trace of the machine's suite. */
function loadZipf(events: number): Promise<BenchTrace> {
  const values = parseParameters('workload zipf', zipf.parameters, {
    pages: String(MACHINE_PAGES),
    events: String(events),
  });
  return loadForBench('zipf', () =>
    zipf.generate({ values, seed: 1, random: (purpose) => randomStream(1, `zipf/${purpose}`) }),
  );
}

/**
 * The suites and cases that the flags ask for.
 *
 * @throws InputError when a suite is not known, or nothing is left
 */
function chosenSuites(all: readonly Suite[], args: Args): Suite[] {
  const names = all.map(({ name }) => name);
  const peers = args.cachesim !== undefined || args.lruCache !== undefined;
  const wanted = args.suite?.split(',') ?? names.filter((name) => name !== 'peers' || peers);
  for (const name of wanted) if (!names.includes(name)) throw unknownName('suite', name, names);
  if (wanted.includes('peers') && !peers)
    throw new InputError(
      '--suite peers needs what it compares with, expected --cachesim FILE or --lru-cache FOLDER',
    );
  const suites = all.filter(({ name }) => wanted.includes(name));
  if (args.filter === undefined) return suites;
  const filtered = filterCases(suites, args.filter);
  if (filtered.length > 0) return filtered;
  const cases = suites.flatMap((suite) => suite.cases.map(({ name }) => name));
  throw new InputError(
    `no case is named like "${args.filter}", expected a part of one of ${cases.join(', ')}`,
  );
}

/** The programs to compare with, as paths that hold in any folder. @throws InputError where there is no such file */
function peersOf({ cachesim, lruCache }: Args): Peers {
  for (const path of [cachesim, lruCache])
    if (path !== undefined && !existsSync(path)) throw new InputError(`${path}: no such file or folder`);
  return {
    ...(cachesim === undefined ? {} : { cachesim: resolve(cachesim) }),
    ...(lruCache === undefined ? {} : { lruCache: resolve(lruCache) }),
  };
}

/** The suites that this host can run; says why it cannot run the others. */
function possibleSuites(suites: readonly Suite[]): Suite[] {
  return suites.filter((suite) => {
    const missing = suite.missing?.();
    if (missing !== undefined) note(`${suite.name}: skipped: ${missing}`);
    return missing === undefined;
  });
}

interface SuiteResults {
  readonly suite: Suite;
  readonly results: readonly BenchResult[];
}

/** Runs suite after suite, and prints each when it is done. */
async function runSuites(suites: readonly Suite[], samples: number, quiet: boolean): Promise<SuiteResults[]> {
  const done: SuiteResults[] = [];
  for (const suite of suites) {
    const progress = new Progress(suite.name, suite.cases.length, quiet);
    const results: BenchResult[] = [];
    for (const benchCase of suite.cases) {
      results.push(await timeCase(benchCase, samples));
      progress.step();
    }
    progress.stop();
    await print(`\n${suiteText(suite, results)}`);
    done.push({ suite, results });
  }
  return done;
}

/** The flags that say what is timed, for another process. */
function caseFlags({ suite, filter, events, requests }: Args): string[] {
  return [
    ...(suite === undefined ? [] : ['--suite', suite]),
    ...(filter === undefined ? [] : ['--filter', filter]),
    ...['--events', String(events), '--requests', String(requests)],
  ];
}

async function handler(args: Args): Promise<void> {
  const [usual, least] = args.against === undefined ? [SAMPLES, 1] : [AGAINST_SAMPLES, LEAST_SAMPLES];
  const samples = wholeFlag('samples', args.samples ?? usual, least, 10_000);
  const events = wholeFlag('events', args.events, 1, 2 ** 31);
  const requests = wholeFlag('requests', args.requests, 1, 2 ** 28);
  const inputs = new BenchInputs({ requests, events, loadTrace: () => loadZipf(events) });
  const chosen = chosenSuites(benchSuites(inputs, peersOf(args)), args);
  if (args.against !== undefined) {
    const { against, out, quiet } = args;
    await benchAgainst({ against, samples, flags: caseFlags(args), suites: chosen, out, quiet });
    return;
  }
  if (args.out !== undefined) await checkFolder(args.out);
  const { cpu, cores, os, node } = thisHost();
  const commit = programCommit();
  const program = commit === undefined ? VERSION : `commit ${commit.slice(0, 12)}`;
  await print(`${cpu}, ${cores} cores, ${os}, Node ${node}; ${program}; ${samples} samples per case`);
  try {
    const done = await runSuites(possibleSuites(chosen), samples, args.quiet);
    const rows = done.flatMap(({ suite, results }) => perfRows(suite, results));
    const text = csvHeader(BENCH_PERF_COLUMNS) + csvRows(BENCH_PERF_COLUMNS, rows);
    if (args.out !== undefined) await addFiles(args.out, new Map([['perf.csv', text]]), note);
    // A twin that disagrees is a defect of this program.
    if (done.some(({ results }) => results.some(({ problem }) => problem !== undefined)))
      process.exitCode = EXIT.internal;
  } finally {
    await inputs.close();
  }
}

export const bench: Command = { builder, handler };
