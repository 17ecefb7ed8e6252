import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'rolldown/experimental';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from './base/package-root.js';
import { apiExamples } from './testing/api-examples.js';
import { CliFolder } from './testing/cli-folder.js';
import { mustRun } from './testing/system.js';

const EXAMPLES = apiExamples();
const cli = new CliFolder('one process');

/** An example as a module of JavaScript that imports what is built here. */
function runnable(code: string): string {
  const { code: compiled, errors } = transformSync('example.ts', code, { target: 'es2022' });
  if (errors.length > 0) throw new Error(`${code}: ${errors[0]!.message}`);
  const built = pathToFileURL(packageFile('dist', 'harness', 'index.js')).href;
  return compiled.replaceAll('"reclaim-bench"', `"${built}"`);
}

/** Prints what a replay finds, with no option given. */
const REPLAYED = `import { loadTrace, replayTrace } from 'reclaim-bench';
const { metrics } = await replayTrace(await loadTrace('mariadb-resize'));
console.log(JSON.stringify(metrics));`;

describe('the examples in the documentation of the API', () => {
  /** What each example prints. */
  let printed: readonly string[];
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'reclaim-examples-'));
    copyFileSync(packageFile('harness', 'commands', 'templates', 'policy.mjs'), join(folder, 'policy.mjs'));
    const lines = [...EXAMPLES.map(({ code }) => code), REPLAYED].map((code, i) => {
      writeFileSync(join(folder, `${i}.mjs`), runnable(code));
      return `await import('./${i}.mjs');\nprocess.stdout.write('\\f');\n`;
    });
    writeFileSync(join(folder, 'all.mjs'), lines.join(''));
    printed = mustRun(process.execPath, ['all.mjs'], folder).split('\f');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are of the ten things that people do, at least', () => {
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(10);
    expect(new Set(EXAMPLES.map(({ title }) => title)).size).toBe(EXAMPLES.length);
  });

  it.each(EXAMPLES.map((example, i) => [example.title, example, i] as const))(
    '%s: prints what it says',
    (_, { output }, i) => {
      expect(output).not.toBe('');
      expect(printed[i]).toBe(output);
    },
  );

  it('replay as the command line does, with the same defaults', () => {
    const metrics: object = JSON.parse(printed[EXAMPLES.length]!);
    const rounded = Object.entries(metrics).map(([name, value]) => [
      name,
      typeof value === 'number' ? Number(value.toFixed(6)) : value,
    ]);
    const replayed = JSON.parse(cli.run('replay', 'mariadb-resize', '--format', 'json').stdout);
    expect(rounded.length).toBeGreaterThan(80);
    expect(replayed).toMatchObject(Object.fromEntries(rounded));
  });
});
