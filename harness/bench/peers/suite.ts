import { dirname } from 'node:path';
import { HostError } from '../../base/errors.js';
import { entryFile, packageFile } from '../../base/package-root.js';
import type { BenchCase, OwnTime, Suite } from '../case.js';
import type { BenchInputs } from '../inputs.js';
import { idsFor } from '../oracle-file.js';
import { requestFile, SWEPT, SWEPT_SHARES } from '../path.js';
import { type TimedProgram, timeProgram } from './program.js';
import { peersText } from './table.js';

/** Where the programs are that ours is compared with; absent: not compared. */
export interface Peers {
  /** libCacheSim's program `cachesim`. */
  readonly cachesim?: string | undefined;
  /** The folder of npm's package lru-cache. */
  readonly lruCache?: string | undefined;
}

/** How many times `--requests` the large file has. */
const LARGE = 20;
const CACHED = 0.1;
/** What is wanted holds for the usual `--requests`. */
const JUDGED_REQUESTS = 1_000_000;
/** How much of libCacheSim's CPU time ours may take: on the small file, and by policy on the large one. */
const SMALL_TARGET = 0.7;
const LARGE_TARGETS = { fifo: 0.5, lru: 0.4, clock: 0.5, sieve: 0.6, arc: 0.4, s3fifo: 0.4, twoq: 0.4 };
/** And of its wall time with two threads, in a sweep. */
const SWEEP_TARGET = 0.1;
const THREADS = 2;
/** A sweep of libCacheSim takes five minutes, and the ratio is far from what is wanted. */
const SWEEP_SAMPLES = 1;

/** One program's side of a case. */
interface Side {
  /** Runs it on a file of requests, at sizes in pages. */
  run(file: string, sizes: readonly number[]): Promise<TimedProgram>;
  /** Misses that it printed, where the case is of one cache. */
  misses(stdout: string): number;
}

const CLI = entryFile('cli');
/** Not of the bundle: it runs by itself. */
const LOOP = packageFile('dist', 'harness', 'bench', 'peers', 'lru-cache-loop.js');

function ours(policies: readonly string[]): Side {
  return {
    run: (file, sizes) =>
      timeProgram(
        process.execPath,
        [
          ...[CLI, 'mrc', file, '--policy', policies.join(), '--size', sizes.join()],
          ...['--workers', String(THREADS), '--format', 'json'],
        ],
        dirname(file),
      ),
    misses: (stdout) => (JSON.parse(stdout) as readonly { readonly misses: number }[])[0]!.misses,
  };
}

/** It writes its results to a file besides; ids count as objects of one byte. */
function cachesim(program: string, policies: readonly string[]): Side {
  return {
    run: (file, sizes) => {
      const flags = ['--ignore-obj-size', '1', '--num-thread', String(THREADS), '--output', '/dev/null'];
      return timeProgram(
        program,
        [file, 'oracleGeneral', policies.join(), sizes.join(), ...flags],
        dirname(file),
      );
    },
    misses(stdout) {
      const [, requests, ratio] = /(\d+) req, miss ratio ([\d.]+)/.exec(stdout) ?? [];
      if (ratio === undefined)
        throw new HostError(`${program} printed no miss ratio, expected libCacheSim's cachesim`);
      return Number(requests) * Number(ratio);
    },
  };
}

function lruCacheLoop(folder: string): Side {
  return {
    run: (file, [size]) => timeProgram(process.execPath, [LOOP, folder, file, String(size)], dirname(file)),
    misses: Number,
  };
}

interface PeerCase {
  readonly name: string;
  readonly requests: number;
  readonly shares: readonly number[];
  readonly policies: readonly string[];
  readonly ours: Side;
  readonly peer: Side;
  readonly target: number;
  readonly judged: 'cpu' | 'wall';
  readonly mostSamples?: number;
}

function ownTime({ wallNs, cpuNs }: TimedProgram): OwnTime {
  return { ns: wallNs, partsNs: [wallNs], cpuNs };
}

/** Peers print ratios of four digits. */
const RATIO_ERROR = 0.000_051;

function missText(ours: number, peer: number): string {
  const percent = (ratio: number) => `${(100 * ratio).toFixed(2)} %`;
  return Math.abs(ours - peer) <= RATIO_ERROR ? percent(ours) : `${percent(ours)}, theirs ${percent(peer)}`;
}

function peerCase(inputs: BenchInputs, what: PeerCase): BenchCase {
  const { requests, shares, policies } = what;
  const sizes = shares.map((share) => Math.max(1, Math.floor(idsFor(requests) * share)));
  const single = shares.length === 1;
  const missed = { ours: Number.NaN, peer: Number.NaN };
  const run = async (side: 'ours' | 'peer') => {
    const ended = await what[side].run(await requestFile(inputs, requests), sizes);
    if (single) missed[side] = what[side].misses(ended.stdout) / requests;
    return ownTime(ended);
  };
  return {
    name: `peers/${what.name}`,
    events: requests * policies.length * sizes.length,
    judged: what.judged,
    ...(what.mostSamples === undefined ? {} : { mostSamples: what.mostSamples }),
    ...(inputs.requests === JUDGED_REQUESTS ? { target: what.target } : {}),
    prepare: async () => void (await requestFile(inputs, requests)),
    run: () => run('ours'),
    against: () => run('peer'),
    remark() {
      return single
        ? missText(missed.ours, missed.peer)
        : `${policies.length} policies, ${sizes.length} sizes`;
    },
  };
}

function cachesimCases(inputs: BenchInputs, program: string): BenchCase[] {
  const single = (requests: number, policy: string, target: number) =>
    peerCase(inputs, {
      name: `cachesim/${requests}/${policy}`,
      requests,
      shares: [CACHED],
      policies: [policy],
      ours: ours([policy]),
      peer: cachesim(program, [policy]),
      target,
      judged: 'cpu',
    });
  const large = inputs.requests * LARGE;
  return [
    ...Object.keys(LARGE_TARGETS).map((policy) => single(inputs.requests, policy, SMALL_TARGET)),
    ...Object.entries(LARGE_TARGETS).map(([policy, target]) => single(large, policy, target)),
    peerCase(inputs, {
      name: `cachesim/${large}/sweep`,
      requests: large,
      shares: SWEPT_SHARES,
      policies: SWEPT,
      ours: ours(SWEPT),
      peer: cachesim(program, SWEPT),
      target: SWEEP_TARGET,
      judged: 'wall',
      mostSamples: SWEEP_SAMPLES,
    }),
  ];
}

/** Other programs for the same task, as processes from their start to their end, on the same files of requests. */
export function peerSuite(inputs: BenchInputs, peers: Peers): Suite {
  const { cachesim: program, lruCache } = peers;
  const loop = lruCache === undefined ? [] : [lruCache];
  return {
    name: 'peers',
    about: `whole processes on files of 24-byte records, zipf 0.8 over a tenth as many ids as requests, caches of 10 %: reclaim mrc against libCacheSim's cachesim (both with ${THREADS} threads, which simulate where there is more than one policy or size) and a loop with npm's lru-cache`,
    versus: { run: 'ours', against: 'peer', target: 1 },
    remarks: 'misses',
    cases: [
      ...loop.map((folder) =>
        peerCase(inputs, {
          name: `lru-cache/${inputs.requests}/lru`,
          requests: inputs.requests,
          shares: [CACHED],
          policies: ['lru'],
          ours: ours(['lru']),
          peer: lruCacheLoop(folder),
          target: 1,
          judged: 'cpu',
        }),
      ),
      ...(program === undefined ? [] : cachesimCases(inputs, program)),
    ],
    text: peersText,
  };
}
