import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageFile } from '../base/package-root.js';
import { runProgram } from './system.js';

interface Step {
  readonly name?: string;
  readonly run?: string;
}

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

const STEPS = ['record', 'compare', 'gate'];

/**
 * A scratch repository with the workflow that `reclaim init ci` writes, run step by step as a runner does.
 *
 * @param record what stands for RECORD of the workflow: it makes pool.rtrace
 */
export class CiRepository {
  private readonly env: NodeJS.ProcessEnv;

  constructor(
    readonly path: string,
    record: string,
  ) {
    // What npx would find in a repository that depends on the package.
    const bin = join(path, 'bin');
    mkdirSync(bin);
    const cli = packageFile('dist', 'harness', 'cli.js');
    for (const [name, shift] of [
      ['reclaim', ''],
      ['npx', 'shift; '],
    ] as const) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${shift}exec "${process.execPath}" "${cli}" "$@"\n`);
      chmodSync(join(bin, name), 0o755);
    }
    this.env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, RECORD: record };
  }

  /** Runs a command line of a shell. */
  shell(command: string) {
    return runProgram('/bin/bash', ['-e', '-c', command], this.path, this.env);
  }

  /** The baseline, as the workflow's first lines say to make it. */
  makeBaseline(): void {
    const text = readFileSync(join(this.path, '.github', 'workflows', 'reclaim.yml'), 'utf8');
    const commands = [...text.matchAll(/^# {3}(\S.*)$/gm)].map((match) => match[1]!);
    for (const command of commands) {
      const { code, stdout, stderr } = this.shell(command);
      if (code !== 0) throw new Error(`${command} ended with ${code}\n${stdout}${stderr}`);
    }
  }

  /** Runs the steps that record, compare and gate. Returns how the last one that ran ended. */
  runWorkflow() {
    const text = readFileSync(join(this.path, '.github', 'workflows', 'reclaim.yml'), 'utf8');
    const { steps } = (parse(text) as Workflow).jobs.gate!;
    let ended = this.shell('true');
    for (const step of STEPS) {
      ended = this.shell(steps.find(({ name }) => name === step)!.run!);
      if (ended.code !== 0) break;
    }
    return ended;
  }
}
