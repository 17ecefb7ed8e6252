// Builds when npm installs this package from its sources, or packs it. Without TypeScript, as after --omit=dev, what is built
// is kept. Declarations are of use where it is packed or linked: who runs `npm ci` or `npm cit` works on the sources.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const { npm_command } = process.env;
if (npm_command !== 'ci' && npm_command !== 'install-ci-test') process.argv.push('--declarations');
if (existsSync(join(ROOT, 'node_modules', 'typescript'))) await import('./build.mjs');
else process.stderr.write('reclaim-bench: no TypeScript here, keeping what is built\n');
