import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostError, InputError } from '../../base/errors.js';
import { PACKAGE_ROOT, packageFile } from '../../base/package-root.js';
import { lastLine, runProcess } from './process.js';

/** A commit of this program, built in a folder of its own. */
export interface Checkout {
  /** All 40 digits. */
  readonly commit: string;
  /** The built command line. */
  readonly cli: string;
  /** Removes the folder. */
  close(): Promise<void>;
}

function git(args: readonly string[]): string {
  return execFileSync('git', ['-C', PACKAGE_ROOT, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

/**
 * The commit that a revision names.
 *
 * @throws InputError when it names none, or this program does not run from a checkout
 */
export function commitOf(revision: string): string {
  if (!existsSync(packageFile('.git')))
    throw new InputError('--against needs the history of the program, expected to run from a checkout of it');
  try {
    return git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
  } catch {
    throw new InputError(`--against "${revision}" is not a commit here, expected a commit, branch or tag`);
  }
}

/** Provides a checkout with what it is built with: ours where it wants the same, otherwise its own. */
async function addDependencies(folder: string, signal: AbortSignal): Promise<void> {
  const lock = (root: string) => readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (lock(folder) === lock(PACKAGE_ROOT)) {
    await symlink(packageFile('node_modules'), join(folder, 'node_modules'));
    return;
  }
  const { code, stderr } = await runProcess('npm', ['ci', '--silent', '--ignore-scripts'], folder, signal);
  if (code !== 0) throw new HostError(`npm ci failed in the checkout: ${lastLine(stderr)}`);
}

async function build(folder: string, commit: string, signal: AbortSignal): Promise<string> {
  git(['worktree', 'add', '--detach', '--quiet', folder, commit]);
  await addDependencies(folder, signal);
  const { code, stderr } = await runProcess('npm', ['run', '--silent', 'build'], folder, signal);
  if (code !== 0) throw new HostError(`${commit.slice(0, 12)} cannot be built: ${lastLine(stderr)}`);
  return join(folder, 'dist', 'harness', 'cli.js');
}

/**
 * Builds a commit in a temporary work tree of git.
 *
 * @throws HostError when it cannot be built; nothing is left behind then
 */
export async function checkOut(commit: string, signal: AbortSignal): Promise<Checkout> {
  const temporary = await mkdtemp(join(tmpdir(), 'reclaim-against-'));
  const folder = join(temporary, 'checkout');
  const close = async () => {
    await rm(temporary, { recursive: true, force: true });
    git(['worktree', 'prune']);
  };
  try {
    return { commit, cli: await build(folder, commit, signal), close };
  } catch (error) {
    await close();
    throw error;
  }
}
