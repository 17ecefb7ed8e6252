// Runs the experiment of the gate, without its tables, and compares it with results/baseline.
// Usage: node harness/run-gate.mjs --strict|--update
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CLI = join(ROOT, 'dist', 'harness', 'cli.js');
const CANDIDATE = 'results/runs/gate';

/** Runs a command of ours, and ends with its exit code where it fails. */
function reclaim(stdout, ...args) {
  const { status } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: ROOT,
    stdio: ['ignore', stdout, 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}

const compare = ['compare', 'workloads/experiments/gate.yaml', '--out', CANDIDATE];
reclaim('ignore', ...compare, '--no-report', '--quiet');
reclaim('inherit', 'gate', 'results/baseline', CANDIDATE, ...process.argv.slice(2));
