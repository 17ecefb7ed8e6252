import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../base/package-root.js';

/** An `@example` of a docstring. */
export interface ApiExample {
  /** Its title, which says what it does. */
  readonly title: string;
  /** The file that it stands in, below harness/. */
  readonly file: string;
  /** A whole module in TypeScript. */
  readonly code: string;
  /** What it prints: the lines of its comments that begin with an arrow. */
  readonly output: string;
}

const EXAMPLE = /^ \* @example (.*)\n \* ```ts\n((?: \*.*\n)*?) \* ```$/gm;
const TAG = /@example/g;

/** The examples of a source. @throws Error for one that has no title, or is not TypeScript */
function examplesOf(file: string): ApiExample[] {
  const source = readFileSync(packageFile('harness', file), 'utf8');
  const found = [...source.matchAll(EXAMPLE)].map(([, title, lines]) => {
    const code = lines!.replace(/^ \* ?/gm, '');
    const output = [...code.matchAll(/\/\/ → (.*)\n/g)].map(([, line]) => `${line}\n`).join('');
    return { title: title!, file, code, output };
  });
  if (found.length !== source.match(TAG)?.length)
    throw new Error(`${file}: an @example has no title or no block of TypeScript`);
  return found;
}

/** All examples of the documentation of the API. */
export function apiExamples(): ApiExample[] {
  const names = readdirSync(packageFile('harness'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /(?<!\.test)\.ts$/.test(name) && !name.startsWith(join('testing', '')))
    .filter((name) => readFileSync(packageFile('harness', name), 'utf8').includes('* @example'))
    .toSorted()
    .flatMap(examplesOf);
}
