import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { HostError } from '../../base/errors.js';
import type {
  AccessOptions,
  Engine,
  EngineContext,
  EngineReport,
  RecordRequest,
  Running,
} from '../engine.js';
import { type Program, startStopped } from '../process.js';
import { buildTool, findValgrind, toolCommand, type Valgrind, whatIsMissing } from './tool.js';

/** While this file is in the raw folder, the tool records. */
const WANTED = 'recording';
const LOG = 'valgrind-%p.log';
const LOG_NAME = /^valgrind-\d+\.log$/;
const PAGES_NAME = /^\d+\.\d+\.pages$/;
/** Longer than the tool goes on writing after `WANTED` is gone. Source: FLUSH_NS of records.h. */
const STOPPING_MS = 250;

/** The tool's options. */
export function toolOptions(raw: string, accesses: AccessOptions): string[] {
  const options = [`--folder=${raw}`, `--every-us=${Math.round(accesses.everyMs * 1000)}`];
  if (accesses.contentsEveryMs !== undefined)
    options.push(`--contents-us=${Math.max(1, Math.round(accesses.contentsEveryMs * 1000))}`);
  if (accesses.sample > 1) options.push(`--sample=${accesses.sample}`);
  return options;
}

/** What valgrind and the tool said of the processes, a line each. Removes the logs that say nothing. */
function readLogs(raw: string): string[] {
  const lines: string[] = [];
  for (const name of readdirSync(raw).filter((file) => LOG_NAME.test(file))) {
    const text = readFileSync(join(raw, name), 'utf8').trim();
    if (text === '') rmSync(join(raw, name));
    else lines.push(...text.split('\n'));
  }
  return lines;
}

function reportOf(raw: string, valgrind: Valgrind, accesses: AccessOptions): EngineReport {
  const said = readLogs(raw);
  const incomplete = said.find((line) => /is not recorded|recording of process/.test(line));
  if (incomplete !== undefined) throw new HostError(incomplete.replace(/^==\d+== /, ''));
  const names = readdirSync(raw);
  const files = names.filter((name) => PAGES_NAME.test(name) && statSync(join(raw, name)).size > 0);
  if (files.length === 0) throw new HostError(`valgrind recorded nothing: ${said[0] ?? 'it said nothing'}`);
  return {
    files: [...files, ...names.filter((name) => LOG_NAME.test(name))],
    lostEvents: 0,
    missing: [],
    accesses: 'pages',
    attached: [],
    details: {
      valgrind: valgrind.version,
      every_us: Math.round(accesses.everyMs * 1000),
      sample: accesses.sample,
      contents_us: Math.round((accesses.contentsEveryMs ?? 0) * 1000),
    },
  };
}

class ValgrindRun implements Running {
  /** What records is the program's own process: it cannot die alone. */
  readonly broken = new Promise<string>(() => undefined);

  constructor(
    readonly program: Program,
    private readonly raw: string,
    private readonly valgrind: Valgrind,
    private readonly accesses: AccessOptions,
  ) {}

  async stop(): Promise<EngineReport> {
    rmSync(join(this.raw, WANTED), { force: true });
    // It may go on, and its children may when it has ended.
    await setTimeout(STOPPING_MS);
    return reportOf(this.raw, this.valgrind, this.accesses);
  }
}

/** Records every page that a program accesses, under valgrind. Source of what it writes: README.md. */
export const valgrindEngine: Engine = {
  name: 'valgrind',

  unavailable({ target }: RecordRequest): string | undefined {
    if ('pid' in target)
      return 'accesses can be recorded of programs that are started, not with --pid: valgrind runs them. Without --accesses, calls and first accesses are recorded';
    const missing = whatIsMissing();
    return missing === undefined
      ? undefined
      : `recording accesses needs valgrind and a C compiler: not found: ${missing}. Without --accesses, calls and first accesses are recorded`;
  },

  async start({ target, accesses }: RecordRequest, { raw }: EngineContext): Promise<Running> {
    const valgrind = findValgrind();
    if (typeof valgrind === 'string' || accesses === undefined || 'pid' in target)
      throw new Error('asked to record what `unavailable` says is not possible');
    const tools = await buildTool(valgrind);
    writeFileSync(join(raw, WANTED), '');
    const around = toolCommand(valgrind, tools, join(raw, LOG), toolOptions(raw, accesses));
    // The gate is around valgrind, so that what the shell does is not recorded.
    const program = startStopped([...around, ...target.command]);
    return new ValgrindRun(program, raw, valgrind, accesses);
  },
};
