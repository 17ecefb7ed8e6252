// Compiles TypeScript, a module at a time, to the JavaScript that `tsc` would write: types are removed and not checked. In the
// build, and where Node loads the sources of tests.
import { transform } from 'rolldown/experimental';

const OPTIONS = { target: 'es2023', typescript: { onlyRemoveTypeImports: true } };

/**
 * The JavaScript of a module.
 *
 * @param {string} file its path
 * @param {string} source
 * @param {{ sourcemap?: boolean }} [more]
 * @returns {Promise<{ code: string, map?: unknown }>}
 */
export async function compiled(file, source, more = {}) {
  const { code, map, errors } = await transform(file, source, { ...OPTIONS, ...more });
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0].message}`);
  // The package would have to bring what such code imports.
  if (code.includes('@oxc-project/')) throw new Error(`${file} would be compiled to calls of a helper`);
  return { code, map };
}
