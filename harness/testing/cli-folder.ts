import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type CliResult, reclaim } from './cli.js';
import { CliSession } from './cli-session.js';
import { memoryFolder } from './folder.js';

/** A trace of seven events: a shared object that is written, half of it then discarded. */
export const TRACE: string = [
  'time_us,op,space,page,count,arg',
  '0,spawn,1,,,',
  '0,object,,,40,shmem:o',
  '0,map,1,0,40,shared:o@0',
  '1,write,1,0,40,',
  '50,discard,1,0,20,',
  '100,mark,,,,end',
  '',
].join('\n');

/** One for all test files that a process of tests runs, as those share its modules; it ends with that process. */
let session: CliSession | undefined;

/** Commands that load modules of policies in a thread of their own, and leave none in the process of the session. */
const IN_A_THREAD: ReadonlySet<string> = new Set(['replay', 'mrc']);

/** Whether a command would leave something to the next ones of the session: a policy that they would list. */
function staysLoaded([command = '', ...flags]: readonly string[]): boolean {
  return flags.includes('--policy-module') && !IN_A_THREAD.has(command);
}

/** The session, for one command. One that has failed is not used again. */
function takeSession(): CliSession {
  const taken = session ?? new CliSession();
  session = undefined;
  return taken;
}

/** A folder for the commands of a test file, with a trace (a.csv) and an experiment (e.yaml). */
export class CliFolder {
  path = '';

  /** @param shared whether its commands run in one process: see `CliSession` */
  constructor(private readonly shared: 'one process' | 'a process each' = 'a process each') {
    beforeAll(() => {
      this.path = mkdtempSync(join(memoryFolder(), 'reclaim-cli-'));
      this.write('a.csv', TRACE);
      this.write('e.yaml', 'name: e\ntraces: [a.csv]\ndiscard: [keep, remove]\n');
    });
    afterAll(() => rmSync(this.path, { recursive: true }));
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.path, name), content);
  }

  run(...args: string[]): CliResult {
    const alone = this.shared === 'a process each' || staysLoaded(args);
    if (alone) return this.start(...args);
    const used = takeSession();
    const result = used.run(args, this.path);
    session = used;
    return result;
  }

  /** Runs a command in the process of the session while this one does something else: it may answer the command. */
  async runMeanwhile(...args: string[]): Promise<CliResult> {
    const used = takeSession();
    const result = await used.runMeanwhile(args, this.path);
    session = used;
    return result;
  }

  /** Runs a command in a process of its own. */
  start(...args: string[]): CliResult {
    return reclaim(args, this.path);
  }
}
