import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Argv } from 'yargs';
import { fileError, InputError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { parseJson } from '../base/json.js';
import { packageFile } from '../base/package-root.js';
import { readText } from '../base/text.js';
import { SCHEMA_FILE } from '../experiment/json-schema.js';
import { compileLine, loadsTypeScript } from '../modules/load.js';
import { DISK } from '../output/disk.js';
import { writeWhole } from '../output/whole.js';
import type { Command } from './flags.js';
import { print } from './terminal.js';

function isTypeScript(file: string): boolean {
  return /\.m?ts$/.test(file);
}

/** From a module of policies to their comparison. */
function policySteps(file: string): string[] {
  return [
    '# change the examples in it, then check what it does, and compare it:',
    `reclaim policies --check ${file}`,
    `reclaim replay mariadb-resize --policy-module ${file} --discard retain:keep=1MiB --check`,
    `reclaim compare mariadb-resize --policy-module ${file}`,
  ];
}

/** The same of one in TypeScript, which not every Node loads. */
function typedSteps(file: string): string[] {
  const types = [
    '# types, for the editor and the compiler:',
    'npm install --save-dev reclaim-bench typescript',
  ];
  if (loadsTypeScript()) return [...types, ...policySteps(file)];
  const compiled = file.replace(/ts$/, 'js');
  const compile = [
    `# Node ${process.versions.node} does not load TypeScript (22.18 does):`,
    compileLine(file),
  ];
  return [...types, ...compile, ...policySteps(compiled)];
}

/** What can be begun: the file that is made where none is named, its template, and what to do next. */
const KINDS = {
  experiment: {
    file: 'experiment.yaml',
    template: 'experiment.yaml',
    next: (file: string) => [`reclaim compare ${file} --dry-run`, `reclaim compare ${file}`],
  },
  policy: {
    file: 'policy.mjs',
    template: 'policy.mjs',
    next: (file: string) => (isTypeScript(file) ? typedSteps(file) : policySteps(file)),
  },
  workload: {
    file: 'workload.mjs',
    template: 'workload.mjs',
    next: (file: string) => [
      `node ${file} > workload.csv`,
      'reclaim trace validate workload.csv',
      'reclaim compare workload.csv',
    ],
  },
  ci: {
    file: '.github/workflows/reclaim.yml',
    template: 'ci.yml',
    next: (file: string) => [
      `# in ${file}, put your program into RECORD; then make the baseline:`,
      'reclaim record pool.rtrace -- ./pool-test',
      'reclaim compare pool.rtrace --out candidate --no-report --quiet > /dev/null',
      'reclaim gate reclaim-baseline candidate --update',
    ],
  },
} as const;
type Kind = keyof typeof KINDS;

interface Args {
  kind: Kind;
  file?: string;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('kind', {
      choices: Object.keys(KINDS) as Kind[],
      demandOption: true,
      describe: 'what to begin',
    })
    .positional('file', {
      type: 'string',
      describe: `the file to write (default: ${Object.values(KINDS)
        .map(({ file }) => file)
        .join(', ')})`,
    })
    .epilogue(
      'The file must be new: nothing is overwritten. A policy whose file ends with .mts or .ts is in TypeScript, with types.',
    );
}

/** The path of the schema as a file names it: relative where both are in one folder, so that it can be committed. */
function schemaPath(file: string): string {
  const schema = packageFile(...SCHEMA_FILE);
  const path = relative(dirname(resolve(file)), schema);
  return path.startsWith(`..${sep}..${sep}`) ? schema : path;
}

/** What the nearest package.json of a file says; undefined where there is none, or it says nothing. */
function packageType(file: string): string | undefined {
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (existsSync(path)) {
      const { type } = (parseJson(readText(path), path) ?? {}) as { type?: string };
      return type;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** @throws InputError for a policy that Node would not load under this name */
function checkModuleName(file: string): void {
  if (/\.[jt]s$/.test(file) && packageType(file) === 'commonjs')
    throw new InputError(
      'the package.json here says "type": "commonjs", so that Node does not load it as a module, expected a name that ends with .mts or .mjs',
      { file },
    );
}

/** The text of a template; experiments name their schema in the first line, for editors. */
function textOf(kind: Kind, file: string): string {
  const template = kind === 'policy' && isTypeScript(file) ? 'policy.ts' : KINDS[kind].template;
  const text = readFileSync(packageFile('harness', 'commands', 'templates', template), 'utf8');
  return kind === 'experiment' ? `# yaml-language-server: $schema=${schemaPath(file)}\n${text}` : text;
}

async function handler({ kind, file = KINDS[kind].file }: Args): Promise<void> {
  if (kind === 'policy') checkModuleName(file);
  if (existsSync(file)) throw new InputError('is there already, expected the name of a new file', { file });
  try {
    makeFolder(dirname(resolve(file)));
  } catch (error) {
    throw fileError(error, file);
  }
  writeWhole(DISK, file, textOf(kind, file));
  const steps = KINDS[kind].next(file).map((line) => `  ${line}`);
  await print(`${file}\n\nNext:\n${steps.join('\n')}`);
}

export const init: Command = { builder, handler };
