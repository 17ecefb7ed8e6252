// Builds when npm installs this package from its sources. Without TypeScript, as after --omit=dev, what is built is kept.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
if (existsSync(join(ROOT, 'node_modules', 'typescript'))) await import('./build.mjs');
else process.stderr.write('reclaim-bench: no TypeScript here, keeping what is built\n');
