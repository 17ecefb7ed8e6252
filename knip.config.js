// `knip` finds what nothing uses, `knip --production` what only tests use: that belongs to harness/testing.
const production = process.argv.includes('--production');

export default {
  entry: [
    'harness/index.ts!',
    'harness/cli.ts!',
    'harness/start/start.ts!',
    'harness/experiment/worker.ts!',
    'harness/mrc/sweep-worker.ts!',
    'harness/commands/command-worker.ts!',
    'harness/commands/draw-worker.ts!',
    'harness/guard/guard-process.ts!',
    'harness/record/contents/worker.ts!',
    'harness/bench/shared-process-worker.ts!',
    'harness/bench/peers/lru-cache-loop.ts!',
    'harness/bench/validation/main.ts!',
    // What live kernels counted, with the workloads: the test of the model is what runs them.
    'harness/bench/validation/live/rows.ts!',
    'harness/bench/validation/live/generations.ts!',
    // What reclaim init writes.
    'harness/commands/templates/policy.ts!',
    // Its test writes experiment.schema.json.
    'harness/experiment/json-schema.ts!',
    // Loaded once for each policy, under names that knip does not follow.
    'harness/mrc/simulate.ts!',
    'harness/mrc/simulate-bytes.ts!',
    'harness/report/html/client/main.ts!',
    'harness/**/*.system.test.ts',
    'harness/testing/fuzz/fuzz.ts',
    'harness/testing/campaign/campaign.ts',
    'harness/testing/campaign/child.ts',
    'harness/testing/fuzz-readers/fuzz-readers.ts',
  ],
  project: ['harness/**/*.ts!', 'harness/*.mjs', 'workloads/**/*.ts!', '*.config.ts', '!harness/testing/**!'],
  // Of coreutils, used by tests of pipes.
  ignoreBinaries: ['mkfifo'],
  // An export that its own file uses and a test imports is fine.
  ignoreExportsUsedInFile: production ? true : { interface: true, type: true },
};
