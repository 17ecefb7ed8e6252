import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { HostError } from '../../base/errors.js';
import { startOf } from '../../base/processes.js';
import type {
  AccessOptions,
  Engine,
  EngineContext,
  EngineReport,
  RecordRequest,
  Running,
} from '../engine.js';
import { type Program, startStopped } from '../process.js';
import { is32Bit } from '../program-file.js';
import { buildTool, findValgrind, toolCommand, type Valgrind, whatIsMissing } from './tool.js';

/** While this file is in the raw folder, the tool records. */
const WANTED = 'recording';
/** What the tool leaves of a process whose file could not be made or written. */
const FAILED_NAME = /^(\d+)\.failed$/;
const PAGES_NAME = /^(\d+)\.\d+\.pages$/;
/** Longer than the tool goes on writing after `WANTED` is gone. Source: FLUSH_NS of records.h. */
const STOPPING_MS = 250;

/** What of a request the tool is told. */
type ValgrindRequest = { readonly accesses: AccessOptions } & Pick<RecordRequest, 'contentsEveryMs'>;

/** The tool's options. */
function toolOptions(raw: string, { accesses, contentsEveryMs }: ValgrindRequest): string[] {
  // The program may change its folder.
  const options = [`--folder=${resolve(raw)}`, `--every-us=${Math.round(accesses.everyMs * 1000)}`];
  if (contentsEveryMs !== undefined)
    options.push(`--contents-us=${Math.max(1, Math.round(contentsEveryMs * 1000))}`);
  if (accesses.sample > 1) options.push(`--sample=${accesses.sample}`);
  return options;
}

function reportOf(
  raw: string,
  installed: Valgrind,
  { accesses, contentsEveryMs = 0 }: ValgrindRequest,
): EngineReport {
  const names = readdirSync(raw);
  const failed = names.map((name) => FAILED_NAME.exec(name)?.[1]).find((pid) => pid !== undefined);
  if (failed !== undefined)
    throw new HostError(
      `${raw}: the recording of process ${failed} is incomplete, its file could not be written`,
    );
  const files = names.filter((name) => PAGES_NAME.test(name) && statSync(join(raw, name)).size > 0);
  if (files.length === 0) throw new HostError('valgrind could not run the program, nothing was recorded');
  const pids = [...new Set(files.map((name) => Number(PAGES_NAME.exec(name)![1])))];
  return {
    files,
    lostEvents: 0,
    missing: [],
    accesses: 'pages',
    goOn: pids.filter((pid) => startOf(pid) !== undefined),
    attached: [],
    details: {
      valgrind: installed.version,
      every_us: Math.round(accesses.everyMs * 1000),
      sample: accesses.sample,
      contents_us: Math.round(contentsEveryMs * 1000),
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
    private readonly request: ValgrindRequest,
  ) {}

  async stop(): Promise<EngineReport> {
    rmSync(join(this.raw, WANTED), { force: true });
    // It may go on, and its children may when it has ended.
    await setTimeout(STOPPING_MS);
    return reportOf(this.raw, this.valgrind, this.request);
  }
}

/** Records every page that a program accesses, under valgrind. Source of what it writes: README.md. */
export const valgrind: Engine = {
  name: 'valgrind',
  recordsContents: true,

  unavailable({ target }: RecordRequest): string | undefined {
    if ('pid' in target)
      return 'accesses can be recorded of programs that are started, not with --pid: valgrind runs them. Without --accesses, calls and first accesses are recorded';
    if (is32Bit(target))
      return 'accesses of 32-bit programs cannot be recorded. Without --accesses, calls and first accesses are recorded';
    const missing = whatIsMissing();
    return missing === undefined
      ? undefined
      : `recording accesses needs valgrind and a C compiler: not found: ${missing}. Without --accesses, calls and first accesses are recorded`;
  },

  async start(
    { target, accesses, contentsEveryMs }: RecordRequest,
    { raw }: EngineContext,
  ): Promise<Running> {
    const installed = findValgrind();
    if (typeof installed === 'string' || accesses === undefined || 'pid' in target)
      throw new Error('asked to record what `unavailable` says is not possible');
    const tools = await buildTool(installed);
    writeFileSync(join(raw, WANTED), '');
    const request = { accesses, contentsEveryMs };
    const around = toolCommand(installed, tools, toolOptions(raw, request));
    // The gate is around valgrind, so that what the shell does is not recorded.
    const program = startStopped([...around, ...target.command]);
    program.release();
    return new ValgrindRun(program, raw, installed, request);
  },
};
