import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { PACKAGE_ROOT, packageFile } from '../base/package-root.js';

// Nearly every command loads this module for its version: what few need is loaded where they ask for it.

/** What wall times depend on: results are only compared between equal fingerprints. */
export interface Host {
  /** Hash of all that follows. */
  readonly host: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory_bytes: number;
  readonly os: string;
  readonly node: string;
  readonly v8: string;
}

/** The machine that this process runs on. */
export function thisHost(): Host {
  const facts = {
    cpu: (cpus()[0]?.model ?? 'unknown').trim(),
    cores: cpus().length,
    memory_bytes: totalmem(),
    os: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
  };
  const { createHash } = process.getBuiltinModule('node:crypto');
  const host = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 12);
  return { host, ...facts };
}

/** Version of this program, from package.json. */
export const VERSION: string = (
  JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }
).version;

/** The commit of the program, where it runs from a checkout. */
export function programCommit(): string | undefined {
  if (!existsSync(packageFile('.git'))) return undefined;
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: PACKAGE_ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
