import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../base/errors.js';
import { startOf } from '../../base/processes.js';
import type { Engine, EngineContext, EngineReport, RecordRequest, Running } from '../engine.js';
import { startHelper } from '../helper.js';
import type { AttachedProcess } from '../manifest.js';
import {
  lookUp,
  type Program,
  processTree,
  readProc,
  runningProgram,
  startStopped,
  tracedBy,
  tracerOf,
  withMapsAfter,
} from '../process.js';
import { TRACED } from './calls.js';
import { FAULTS, FaultRecorder, whyNoFaults } from './perf.js';

const CALLS = 'calls.strace';
const LOG = 'strace.log';
const POLL_MS = 10;
/** How long strace may take to attach. */
const ATTACH_MS = 10_000;

/** The start of a command: strace in a process group of its own, which a signal ends between two calls, never within one. */
function straceCommand(raw: string, seccompBpf: boolean): string[] {
  const filter = seccompBpf ? ['--seccomp-bpf'] : [];
  return [
    'strace',
    '-f',
    '-ttt',
    '-T',
    '-y',
    '-q',
    '-I',
    '2',
    ...filter,
    '-e',
    TRACED,
    '-o',
    join(raw, CALLS),
  ];
}

/** A process that traces. */
interface Tracer {
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

/** The tracer that a program has been started with. It is no child of ours: the program is. */
async function tracerOfStarted(program: Program): Promise<Tracer> {
  const isOver = program.ended.then(() => 'over' as const);
  for (;;) {
    const pid = tracerOf(program.pid) ?? 0;
    const started = startOf(pid);
    if (pid > 0 && started !== undefined) return { pid, ended: gone(pid, started) };
    if ((await Promise.race([isOver, sleep(POLL_MS)])) === 'over')
      throw new HostError(
        'strace does not start the program; another tracer, or the system, may not allow it',
      );
  }
}

async function gone(pid: number, started: string): Promise<void> {
  while (startOf(pid) === started) await sleep(POLL_MS, undefined, { ref: false });
}

/** Attaches strace to processes. @throws HostError where it is not allowed */
async function attachTracer(
  pids: readonly number[],
  command: readonly string[],
  { folder, guard }: EngineContext,
): Promise<Tracer> {
  const targets = pids.flatMap((pid) => ['-p', `${pid}`]);
  const { pid, ended, release } = startHelper(guard, join(folder, LOG), [...command, ...targets]);
  release();
  let over: string | undefined;
  const end = ended.then((how) => {
    over = how;
  });
  const isAttached = (each: number) => (tracerOf(each) ?? pid) === pid;
  for (let waited = 0; !pids.every(isAttached); waited += POLL_MS) {
    await sleep(POLL_MS);
    if (over === undefined && waited < ATTACH_MS) continue;
    const said = (readProc(join(folder, LOG)) ?? '').trim().split('\n')[0];
    throw new HostError(
      `strace cannot attach to process ${pids[0]} (${said || over || 'it does not answer'})`,
    );
  }
  return { pid, ended: end };
}

/** A program and what traces it. */
interface Traced {
  readonly program: Program;
  readonly tracer: Tracer;
  readonly attached: readonly AttachedProcess[];
}

async function trace(request: RecordRequest, context: EngineContext): Promise<Traced> {
  const command = straceCommand(context.raw, request.seccompBpf);
  const { target } = request;
  if ('command' in target) {
    const program = startStopped(target.command, [...command, '-DD']);
    const tracer = await tracerOfStarted(program);
    context.guard.journalProcess(tracer.pid);
    return { program, tracer, attached: [] };
  }
  const program = runningProgram(target.pid);
  const pids = processTree(target.pid).map(({ pid }) => pid);
  try {
    const tracer = await attachTracer(pids, command, context);
    return { program, tracer, attached: processTree(target.pid).filter(({ pid }) => pids.includes(pid)) };
  } catch (error) {
    program.forget();
    throw error;
  }
}

async function start(request: RecordRequest, context: EngineContext): Promise<Running> {
  const { raw, folder, guard } = context;
  const { program, tracer, attached } = await trace(request, context);
  const pids = attached.length > 0 ? attached.map(({ pid }) => pid) : [program.pid];
  try {
    const faults = request.callsAlone ? undefined : await FaultRecorder.start(pids, raw, folder, guard);
    program.release();
    const ends = [tracer.ended.then(() => 'strace has ended')];
    if (faults) ends.push(faults.helper.ended.then((how) => `perf has ended (${how})`));
    return {
      program,
      // Both end with the last process, too: that is no fault.
      broken: Promise.race(ends),
      stop: () => stop(tracer, faults, attached),
    };
  } catch (error) {
    program.cancel();
    throw error;
  }
}

async function stop(
  tracer: Tracer,
  faults: FaultRecorder | undefined,
  attached: readonly AttachedProcess[],
): Promise<EngineReport> {
  const goOn = tracedBy(tracer.pid);
  const processes = withMapsAfter(attached);
  try {
    process.kill(tracer.pid, 'SIGTERM');
  } catch {
    // It ends with the last process.
  }
  await tracer.ended;
  const lostEvents = (await faults?.stop()) ?? 0;
  return {
    files: faults ? [CALLS, FAULTS] : [CALLS],
    lostEvents,
    missing: [],
    accesses: faults ? 'faults' : 'none',
    goOn,
    attached: processes,
  };
}

/** Why a process cannot be attached to, as a line; undefined where it may be. */
function whyNotAttach(pid: number): string | undefined {
  const tracer = tracerOf(pid) ?? 0;
  if (tracer > 0) return `another tracer is attached to ${pid}: process ${tracer}`;
  const scope = Number(readProc('/proc/sys/kernel/yama/ptrace_scope') ?? 0);
  if (scope === 0 || process.getuid?.() === 0) return undefined;
  return `attaching to a process needs root or kernel.yama.ptrace_scope = 0 (is ${scope}); a program that is started by this command can be recorded`;
}

/** Records the calls by strace, and page faults by perf where that is allowed: for users without root. */
export const strace: Engine = {
  name: 'strace',
  unavailable({ target, callsAlone, bufferKib }) {
    if (bufferKib !== undefined)
      return "--buffer is of the kernel's tracing, which needs root; without it, strace records";
    if (lookUp('strace') === undefined)
      return 'recording needs root, with tracefs, or strace: not found: strace. As root, calls and first accesses are recorded without it';
    const denied = 'pid' in target ? whyNotAttach(target.pid) : undefined;
    if (denied !== undefined) return denied;
    const blind = callsAlone ? undefined : whyNoFaults();
    return blind === undefined ? undefined : `${blind}: only calls will be recorded, pass --calls to accept`;
  },
  start,
};
