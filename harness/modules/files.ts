import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Import, init, parse } from 'es-module-lexer';
import { fileError, InputError } from '../base/errors.js';
import { PACKAGE_ROOT } from '../base/package-root.js';
import { readText } from '../base/text.js';

/** Modules of Node that compute, and read nothing that may change. */
const PURE_BUILTINS = new Set(['assert', 'buffer', 'path', 'url', 'util', 'events', 'perf_hooks']);

/** Imports of types, which nothing that runs depends on. */
const TYPE_IMPORT = /^[ \t]*(import|export)\s+type\s[^;]*?\sfrom\s*(['"])[^'"]*\2/gm;

/** Ends with the reason why what a module depends on cannot be known. */
function unknowable(file: string, why: string): never {
  throw new InputError(
    `${why}: what its results depend on cannot be known, expected imports of files by their path`,
    {
      file,
    },
  );
}

/** The imports of a module. @throws InputError where it is no module of JavaScript */
function importsOf(source: string, file: string): readonly Import[] {
  try {
    return parse(source, file)[0];
  } catch (error) {
    throw new InputError(`cannot be read as a module: ${(error as Error).message}`, { file });
  }
}

/** The file that an import names; undefined for one that nothing depends on. */
function importedFile(imported: Import, file: string): string | undefined {
  if (imported.type === 'import-meta') return undefined;
  const { specifier } = imported;
  if (specifier === undefined || ('glob' in imported && imported.glob))
    return unknowable(file, 'it imports what a variable names');
  if (isBuiltin(specifier)) {
    if (PURE_BUILTINS.has(specifier.replace(/^node:/, ''))) return undefined;
    return unknowable(file, `it imports ${specifier}, with which it may read anything`);
  }
  if (!/^(\.\.?\/|\/|file:)/.test(specifier)) return unknowable(file, `it imports the package ${specifier}`);
  return fileURLToPath(new URL(specifier, pathToFileURL(file)));
}

/** Adds a module and all that it imports to `texts`, by the path of each file. */
function collect(file: string, texts: Map<string, string>): void {
  const path = realpathSync(file);
  // The program's own code has a hash of its own.
  if (texts.has(path) || path.startsWith(join(PACKAGE_ROOT, 'dist', '/'))) return;
  const text = readText(path);
  texts.set(path, text);
  if (path.endsWith('.json')) return;
  if (/\brequire\s*\(/.test(text)) unknowable(path, 'it calls require');
  const isTyped = /\.[mc]?ts$/.test(path);
  for (const imported of importsOf(isTyped ? text.replace(TYPE_IMPORT, '') : text, path)) {
    const next = importedFile(imported, path);
    if (next !== undefined) collect(next, texts);
  }
}

/**
 * Returns a hash of a policy module with everything that it imports: equal hashes mean the same code. Paths do not count.
 *
 * @throws InputError that says why it cannot be known: packages, `require`, imports by variable, or modules of Node that read
 */
export async function moduleHash(file: string): Promise<string> {
  await init();
  const texts = new Map<string, string>();
  try {
    collect(resolve(file), texts);
  } catch (error) {
    throw fileError(error, file);
  }
  const hash = createHash('sha256');
  for (const text of texts.values()) hash.update(`${text.length}\n`).update(text);
  return hash.digest('hex');
}
