import type { Argv } from 'yargs';

/** An example of a command, as its help and its man page show it: the arguments, and what they do. */
type Example = readonly [args: string, what: string];

/** By the words of the command. A test runs all of them, in this order, in one folder. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  compare: ['compare mariadb-resize --out out', 'all policies on one shipped trace'],
  replay: ['replay mariadb-resize --limit 50% --swap ssd', 'one cell, under half of its peak'],
  mrc: ['mrc mariadb-resize --policy lru,sieve --size 10%,50%', 'misses of two caches'],
  record: ['record app.rtrace -- ./app', 'then: reclaim compare app.rtrace'],
  'trace info': ['trace info mariadb-resize', 'its header and what is in it'],
  'trace validate': ['trace validate mariadb-resize', 'events that make no sense'],
  'trace convert': ['trace convert mariadb-resize copy.csv.gz', 'as compressed text'],
  'trace sample': ['trace sample postgresql-resize part.rtrace --rate 1/4', 'a quarter of its pages'],
  'trace import': ['trace import app.strace app.rtrace', 'a log of strace as a trace'],
  'trace generate': ['trace generate zipf zipf.rtrace --param events=50000', 'a synthetic trace'],
  'trace list': ['trace list --format csv', 'what ships with the package'],
  report: ['report out --figure glance --format pdf', 'one figure of results'],
  init: ['init experiment mine.yaml', 'an experiment with its keys explained'],
  diff: ['diff out out', 'what differs, the worst first'],
  gate: ['gate out out --strict', 'fails where the second is worse'],
  plan: ['plan mariadb-resize -o plan.jsonl', 'cells for many hosts'],
  run: ['run plan.jsonl', 'all of them here; --shard 1/8: an eighth'],
  merge: ['merge plan.jsonl --out merged', 'as reclaim compare would write it'],
  submit: ['submit slurm plan.jsonl', 'the jobs of an array'],
  fidelity: ['fidelity mariadb-resize', 'simulated and live kernel'],
  calibrate: ['calibrate --out costs.json', 'the prices of this host'],
  bench: ['bench --suite policies --filter sieve', 'how fast one policy is'],
  policies: ['policies remove', 'one policy, with its parameters'],
  metrics: ['metrics stall_ns', 'what one metric means'],
  readers: ['readers lackey', 'one reader, with its parameters'],
  workloads: ['workloads zipf', 'one generator, with its parameters'],
};

/** Adds its example to the help of a command. @param words its name, and that of its action */
export function withExample(yargs: Argv, words: string): Argv {
  const example = EXAMPLES[words];
  return example ? yargs.example(`$0 ${example[0]}`, example[1]) : yargs;
}
