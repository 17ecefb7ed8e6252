// Writes the bill of materials of the package (CycloneDX, by npm sbom): what `npm pack` puts into it.
// Usage: node harness/sbom.mjs [FILE]
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const FLAGS = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];

/** The npm that runs this, or the one in the path. */
const [command, ...before] = process.env.npm_execpath
  ? [process.execPath, process.env.npm_execpath]
  : ['npm'];
const text = execFileSync(command, [...before, ...FLAGS], {
  cwd: ROOT,
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
});
const { serialNumber: _serial, metadata, components, dependencies, ...bill } = JSON.parse(text);
// `--omit dev` also omits what is needed here and by tools of development; the lock file knows.
const { packages, name } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const shipped = new Set(
  Object.entries(packages)
    .filter(([folder, { dev }]) => folder !== '' && !dev)
    .map(([folder, { version }]) => `${folder.slice(folder.lastIndexOf('node_modules/') + 13)}@${version}`),
);
const root = metadata.component['bom-ref'];
const isShipped = (ref) => ref === root || shipped.has(ref);
// Without what differs from run to run: the bytes are the same for the same lock file.
const { timestamp: _timestamp, tools: _tools, ...kept } = metadata;
const shippedBill = {
  ...bill,
  // npm names the folder that it runs in.
  metadata: { ...kept, component: { ...kept.component, name } },
  components: components.filter((component) => isShipped(component['bom-ref'])),
  dependencies: dependencies
    .filter(({ ref }) => isShipped(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(isShipped) })),
};
writeFileSync(process.argv[2] ?? join(ROOT, 'sbom.cdx.json'), `${JSON.stringify(shippedBill, null, 2)}\n`);
