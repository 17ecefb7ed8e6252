import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildNative, missingCompiler } from '../../base/native.js';
import { packageFile } from '../../base/package-root.js';
import { whatIsMissing } from '../../record/valgrind/tool.js';

import { recordingDiffers } from './compare.js';
import { recordScript } from './script.js';

const CLI = packageFile('dist', 'harness', 'cli.js');

/** A recording of a script takes a second. */
const MOST_MS = 120_000;

/** What of accesses a script is recorded with: those that fault, or all. */
export type Mode = 'faults' | 'all';
export const MODES: readonly Mode[] = ['faults', 'all'];

/** The flags of `reclaim record` in a mode. */
const FLAGS: Readonly<Record<Mode, readonly string[]>> = {
  faults: [],
  all: ['--accesses', '--every', '0'],
};

/** Why this host cannot record scripts in a mode; undefined where it can. */
export function whyNot(mode: Mode): string | undefined {
  const compiler = missingCompiler();
  if (compiler !== undefined) return `the interpreter of scripts is not built: not found: ${compiler}`;
  if (mode === 'all') {
    const missing = whatIsMissing();
    return missing && `accesses are not recorded: not found: ${missing}`;
  }
  return process.getuid?.() === 0 ? undefined : 'faults with their direction are recorded by root only';
}

/** Lines of a trace's text form that are events, without their times. */
function eventsIn(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^\d+,/.test(line))
    .map((line) => line.slice(line.indexOf(',') + 1));
}

/** Records scripts of the interpreter by the built command line, in a folder of its own. */
export class ScriptRecorder {
  private constructor(
    private readonly folder: string,
    private readonly interpreter: string,
  ) {}

  /** Builds the interpreter into the folder. */
  static async open(folder: string): Promise<ScriptRecorder> {
    const source = packageFile('harness', 'testing', 'recorded', 'interpreter.c');
    const program = { source, name: 'interpreter', flags: ['-O1', '-pthread'] };
    return new ScriptRecorder(folder, await buildNative(program, folder));
  }

  /** What differs between the recording of a seed's script and its log; undefined where nothing does. */
  differs(seed: number, mode: Mode): string | undefined {
    const path = (name: string) => join(this.folder, `${seed}-${mode}.${name}`);
    writeFileSync(path('script'), recordScript(seed));
    const command = [this.interpreter, path('script'), path('log')];
    const args = [CLI, 'record', path('csv'), ...FLAGS[mode], '--', ...command];
    const options = { cwd: this.folder, encoding: 'utf8', timeout: MOST_MS } as const;
    const { status, stderr, error } = spawnSync(process.execPath, args, options);
    if (status !== 0) return `record ended with ${status ?? error?.message}: ${stderr.trim()}`;
    const log = readFileSync(path('log'), 'utf8').trim().split('\n');
    const wrong = recordingDiffers(log, eventsIn(readFileSync(path('csv'), 'utf8')), mode);
    for (const name of ['script', 'log', 'csv']) rmSync(path(name), { force: true });
    return wrong;
  }
}
