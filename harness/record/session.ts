import { createHash } from 'node:crypto';
import { createReadStream, realpathSync } from 'node:fs';
import { arch, release } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HostError } from '../base/errors.js';
import type { Guard } from '../guard/guard.js';
import { VERSION } from '../metrics/host.js';
import { CONTENTS } from '../trace/readers/recording/contents.js';
import { clocksNow } from './clocks.js';
import { Looking } from './contents/looking.js';
import type { Engine, EngineReport, RecordRequest, Running } from './engine.js';
import { type Clocks, type Ended, type Manifest, RAW_FORMAT, writeManifest } from './manifest.js';
import { fileOf, findProgram, folderOf, pageSize } from './process.js';

/** What a recording came to. */
export interface Recorded {
  readonly manifest: Manifest;
  /** Processes of the program that go on and are not recorded any more. */
  readonly goOn: readonly number[];
}

async function sha256Of(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
    return hash.digest('hex');
  } catch {
    // It may not be read.
    return undefined;
  }
}

/** What is known of the program before it runs. */
function programOf({ target }: RecordRequest): Pick<Manifest['program'], 'command' | 'file' | 'cwd'> {
  if ('pid' in target) return { file: fileOf(target.pid) ?? '', cwd: folderOf(target.pid) ?? '' };
  const { command } = target;
  return { command, file: realpathSync(findProgram(command[0]!)), cwd: process.cwd() };
}

/** How a recording comes to its end. */
type Ending = { readonly ended: Ended | undefined } | { readonly broken: string } | 'interrupted';

function endingOf(
  { program, broken }: Running,
  looking: Looking | undefined,
  guard: Guard,
  signal: AbortSignal,
): Promise<Ending> {
  const interrupted = new Promise<Ending>((done) => {
    if (signal.aborted) done('interrupted');
    signal.addEventListener('abort', () => done('interrupted'), { once: true });
  });
  return Promise.race([
    interrupted,
    // An engine ends by itself with the program, which is known a moment later.
    program.ended.then((ended) => ({ ended })),
    broken.then(async (why) => {
      const ended = await Promise.race([program.ended, moment()]);
      return ended === 'moment' ? { broken: why } : { ended };
    }),
    guard.died.then(() => ({ broken: 'the process that restores settings has ended' })),
    ...(looking ? [looking.broken.then((why) => ({ broken: why }))] : []),
  ]);
}

const MOMENT_MS = 200;

function moment(): Promise<'moment'> {
  return new Promise((done) => setTimeout(() => done('moment'), MOMENT_MS));
}

/**
 * Records a program into a raw folder, until it ends or the signal comes. The program goes on after the signal, and after an error.
 *
 * @param raw the raw folder: it exists and is empty
 * @param folder a folder of ours for what is neither raw data nor a result
 * @throws HostError where this host cannot record it, or a process that records was killed
 */
export async function recordInto(
  raw: string,
  folder: string,
  engine: Engine,
  request: RecordRequest,
  guard: Guard,
  signal: AbortSignal,
): Promise<Recorded> {
  const about = programOf(request);
  const start = clocksNow();
  const running = await engine.start(request, { raw, folder, guard });
  const looking = lookingAt(raw, engine, request, running);
  const ending = await endingOf(running, looking, guard, signal).finally(running.program.forget);
  const end = clocksNow();
  await looking?.stop();
  const report = withContents(await stop(running, ending), request, looking);
  await guard.restoreSettings();
  const { pid } = running.program;
  const program = {
    pid,
    ...about,
    sha256: await sha256Of(about.file),
    ended: typeof ending === 'object' && 'ended' in ending ? ending.ended : undefined,
  };
  const manifest = manifestOf(engine, report, program, { start, end });
  writeManifest(raw, manifest);
  return { manifest, goOn: report.goOn ?? [] };
}

/** Looks at contents, where they are asked for and the engine does not record them itself. */
function lookingAt(
  raw: string,
  { recordsContents }: Engine,
  { contentsEveryMs }: RecordRequest,
  { program }: Running,
): Looking | undefined {
  if (contentsEveryMs === undefined || recordsContents) return undefined;
  return new Looking({ pid: program.pid, everyMs: contentsEveryMs, file: join(raw, CONTENTS) });
}

function withContents(
  report: EngineReport,
  { contentsEveryMs = 0 }: RecordRequest,
  looking: Looking | undefined,
): EngineReport {
  if (looking === undefined) return report;
  const details = { ...report.details, contents_us: Math.round(contentsEveryMs * 1000) };
  return { ...report, files: [...report.files, CONTENTS], details };
}

/** Stops a recording that has ended. @throws HostError where it is broken, or its files cannot be completed */
async function stop(running: Running, ending: Ending): Promise<EngineReport> {
  try {
    if (typeof ending === 'object' && 'broken' in ending)
      throw new HostError(`${ending.broken}; recording has stopped, the program goes on`);
    return await running.stop();
  } catch (error) {
    // What is held open would keep settings from being restored.
    running.abandon?.();
    throw error;
  }
}

function manifestOf(
  engine: Engine,
  report: EngineReport,
  program: Manifest['program'],
  clocks: { readonly start: Clocks; readonly end: Clocks },
): Manifest {
  return {
    format: RAW_FORMAT,
    engine: engine.name,
    reclaim: VERSION,
    kernel: release(),
    machine: arch(),
    page_size: pageSize(),
    program,
    clocks,
    accesses: report.accesses,
    lost_events: report.lostEvents,
    missing: report.missing,
    attached: report.attached,
    files: report.files,
    details: report.details ?? {},
  };
}
