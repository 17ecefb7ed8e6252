// How Node loads the modules of tests: TypeScript, types removed, as `tsc` would write it. It runs in a thread of Node's own.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from 'rolldown/experimental';

/** Sources import each other by the names that they have once built. */
const BUILT = /^((?:\.{1,2}\/|file:).*)\.js(\?.*)?$/;
const SOURCE = /^(file:(?!.*\/node_modules\/).*\.ts)(?:\?.*)?$/;
const OPTIONS = {
  sourcemap: true,
  target: 'es2023',
  typescript: { onlyRemoveTypeImports: true },
  helpers: { mode: 'External' },
};

/** `x.js` is `x.ts` where that exists. */
export async function resolve(specifier, context, next) {
  const built = SOURCE.test(context.parentURL ?? '') && BUILT.exec(specifier);
  if (!built) return next(specifier, context);
  const [, name, query = ''] = built;
  try {
    return await next(`${name}.ts${query}`, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return next(specifier, context);
  }
}

export async function load(url, context, next) {
  const source = SOURCE.exec(url)?.[1];
  if (!source) return next(url, context);
  const file = fileURLToPath(source);
  const { code, map, errors } = await transform(file, await readFile(file, 'utf8'), OPTIONS);
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0].message}`);
  const inline = Buffer.from(JSON.stringify(map)).toString('base64');
  return {
    format: 'module',
    source: `${code}\n//# sourceMappingURL=data:application/json;base64,${inline}`,
    shortCircuit: true,
  };
}
