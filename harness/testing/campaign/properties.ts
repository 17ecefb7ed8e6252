import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../base/package-root.js';
import type { Part, Round } from './part.js';

const ROOT = PACKAGE_ROOT;
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const MOST_CHARACTERS = 1000;

/** The report of vitest, as far as it is used. */
interface Report {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** The unit tests that have properties, in order. */
function testFiles(): string[] {
  const files = ['harness', 'workloads'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  return files
    .filter((file) => /^[^.]*\.test\.ts$/.test(file))
    .filter((file) => readFileSync(join(ROOT, file), 'utf8').includes("from 'fast-check'"))
    .sort();
}

function failuresOf({ testResults }: Report): string[] {
  return testResults.flatMap(({ message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    const texts = failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join(' ')}`);
    return failed.length === 0 && message !== '' ? [message] : texts;
  });
}

async function runTests(file: string, seed: number, report: string): Promise<Round> {
  const args = ['run', '--project', 'unit*', '--no-cache', '--maxWorkers=1', '--reporter=json'];
  const child = spawn(process.execPath, [VITEST, ...args, `--outputFile=${report}`, file], {
    cwd: ROOT,
    env: { ...process.env, FC_SEED: String(seed) },
    stdio: 'ignore',
  });
  await once(child, 'exit');
  const again = `FC_SEED=${seed} npx vitest run --project 'unit*' ${file}`;
  if (!existsSync(report)) return { tried: 0, failures: [`${again}: vitest wrote no report`] };
  const done: Report = JSON.parse(readFileSync(report, 'utf8'));
  const failures = failuresOf(done).map((text) => `${again}: ${text.slice(0, MOST_CHARACTERS)}`);
  return { tried: done.numTotalTests, failures, counts: { files: 1 } };
}

/** Tests with properties, a file a seed, with that as the seed of all its properties. */
export async function properties(folder: string): Promise<Part> {
  const files = testFiles();
  const report = join(folder, 'report.json');
  return async (seed) => {
    rmSync(report, { force: true });
    return runTests(files[seed % files.length]!, seed, report);
  };
}
