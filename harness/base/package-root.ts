import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

function findRoot(): string {
  // The same module runs from harness/ (tests), from dist/harness/ and from a bundle, so the depth differs.
  let folder = HERE;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('package.json not found above this module');
    folder = parent;
  }
  return folder;
}

/** The folder of this package: where its traces, experiments and cost tables lie. */
export const PACKAGE_ROOT = findRoot();

/** The path of a file that ships with the package. */
export function packageFile(...parts: string[]): string {
  return join(PACKAGE_ROOT, ...parts);
}

/** The folder of the bundle (harness/bundle.mjs) that this runs from; undefined for modules, built or not. */
export const BUNDLE = dirname(HERE) === packageFile('dist', 'bin') ? HERE : undefined;

/** The bundle that was built last: dist/harness/cli.js names it. */
function lastBundle(): string {
  const cli = packageFile('dist', 'harness', 'cli.js');
  const named = existsSync(cli) ? /bin\/(\w+)\//.exec(readFileSync(cli, 'utf8'))?.[1] : undefined;
  return packageFile('dist', 'bin', named ?? 'not-built');
}

/**
 * The file that a worker thread or a process of ours starts from: of the same bundle, so that another build meanwhile changes
 * nothing; of the last one when the rest runs as modules, which are slower to load, or from source (tests).
 *
 * @param parts path of its module below harness/, without ending
 */
export function entryFile(...parts: string[]): string {
  return join(BUNDLE ?? lastBundle(), `${parts.join('-')}.cjs`);
}
