// How Node loads the modules of tests: TypeScript, types removed. It runs in a thread of Node's own.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compiled } from '../compile.mjs';

/** Sources import each other by the names that they have once built. */
const BUILT = /^((?:\.{1,2}\/|file:).*)\.js(\?.*)?$/;
const SOURCE = /^(file:(?!.*\/node_modules\/).*\.ts)(?:\?.*)?$/;

/** Whether Vitest has to know what imports what. */
let isWatching = false;
/** By the URL without a query, whether there is such a source. */
const sources = new Map();

/** @param said by what registers these hooks: whether tests run again where what they import has changed */
export function initialize(said) {
  isWatching = said.isWatching;
}

function isSource(url) {
  const known = sources.get(url) ?? existsSync(new URL(url));
  sources.set(url, known);
  return known;
}

/**
 * `x.js` is `x.ts` where that exists. Nothing else is asked then, nor for modules of Node: Vitest's own hook sends each import
 * to its main process, which is of use only where it watches files.
 */
export async function resolve(specifier, context, next) {
  if (!SOURCE.test(context.parentURL ?? '')) return next(specifier, context);
  if (!isWatching && specifier.startsWith('node:'))
    return { url: specifier, format: 'builtin', shortCircuit: true };
  const built = BUILT.exec(specifier);
  if (!built) return next(specifier, context);
  const [, name, query = ''] = built;
  const { href } = new URL(`${name}.ts`, context.parentURL);
  if (!isSource(href)) return next(specifier, context);
  if (isWatching) return next(`${name}.ts${query}`, context);
  return { url: `${href}${query}`, format: 'module', shortCircuit: true };
}

export async function load(url, context, next) {
  const source = SOURCE.exec(url)?.[1];
  if (!source) return next(url, context);
  const file = fileURLToPath(source);
  const { code, map } = await compiled(file, await readFile(file, 'utf8'), { sourcemap: true });
  const inline = Buffer.from(JSON.stringify(map)).toString('base64');
  return {
    format: 'module',
    source: `${code}\n//# sourceMappingURL=data:application/json;base64,${inline}`,
    shortCircuit: true,
  };
}
