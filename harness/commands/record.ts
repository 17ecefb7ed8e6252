import { accessSync, constants, existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { constants as system } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { fileError, HostError, InputError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { requireLinux } from '../base/platform.js';
import { Guard } from '../guard/guard.js';
import { restoreAbandoned } from '../guard/journal.js';
import { chooseEngine } from '../record/engines.js';
import type { Ended, Manifest } from '../record/manifest.js';
import { recordInto } from '../record/session.js';
import { importTrace } from '../trace/import.js';
import { usableCacheFolder } from '../trace/io/cache.js';
import { STDOUT } from '../trace/io/output.js';
import { formOf, writeTrace } from '../trace/write.js';
import { noteSum } from './account.js';
import { type Command, outputPositional } from './flags.js';
import { interruptible } from './interrupt.js';
import { type RecordArgs, recordFlags, requestOf } from './record-flags.js';
import { accountText, endText, recordedText, unseenText } from './record-text.js';
import { note } from './terminal.js';

function builder(yargs: Argv): Argv {
  return yargs
    .usage(
      '$0 record <output> [flags] -- CMD…\n\nRecords a program and makes a trace of it, for reclaim compare.',
    )
    .positional('output', outputPositional)
    .positional('command', {
      type: 'string',
      array: true,
      describe: 'the program and its arguments, after --',
    })
    .options(recordFlags);
}

/** Checks, before anything runs, that a trace can be written there. @throws InputError where it cannot */
function checkOutput(path: string, pid: number | undefined): void {
  if (path === STDOUT && pid === undefined)
    throw new InputError(
      'standard output is that of the program, expected the name of a trace; - is possible with --pid',
    );
  const isBinary = formOf(path) === 'binary';
  if (path === STDOUT || (!isBinary && /^\/dev\//.test(path))) return;
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError('is a directory, expected the name of a trace', { file: path });
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
  } catch (error) {
    throw fileError(error, dirname(resolve(path)));
  }
}

function noteLines(lines: readonly string[]): void {
  for (const line of lines) note(line);
}

/** The raw folder: that of `--keep-raw`, or one that goes with the recording. */
function rawFolder(keep: string | undefined, folder: string, guard: Guard): string {
  if (keep !== undefined) return keep;
  const raw = mkdtempSync(join(folder, 'raw-'));
  guard.journal({ kind: 'folder', path: raw });
  return raw;
}

/** Makes the folder of `--keep-raw`. @throws InputError where it holds anything */
function makeRaw(keep: string | undefined): void {
  if (keep === undefined) return;
  if (existsSync(keep) && (!statSync(keep).isDirectory() || readdirSync(keep).length > 0))
    throw new InputError('is there already, expected a new or empty folder', { file: keep });
  try {
    makeFolder(keep);
  } catch (error) {
    throw fileError(error, keep);
  }
}

/** @throws HostError where events were lost, unless that is allowed */
function checkLost({ lost_events: lost, engine }: Manifest, args: RecordArgs): void {
  if (lost === 0 || args.allowLoss) return;
  const larger = engine === 'tracefs' ? '; a larger --buffer may hold them' : '';
  throw new HostError(
    `${lost} events were lost while recording: the trace would lack calls and accesses${larger}, or pass --allow-loss to accept`,
  );
}

/**
 * Makes the trace of a raw folder. A signal meanwhile ends the process: the guard removes what it leaves. One that has come
 * before has ended the recording, and wants its trace.
 */
async function convert(raw: string, { output, keepRaw }: RecordArgs, signal: AbortSignal): Promise<void> {
  const end = () => {
    const kept = keepRaw === undefined ? '' : `; reclaim trace import ${keepRaw} converts the recording`;
    note(`reclaim: interrupted while the trace was made${kept}`);
    // After the others that handle this signal: they remove what is half written.
    setImmediate(() => process.exit());
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    await makeTrace(raw, output);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

async function makeTrace(raw: string, output: string): Promise<void> {
  const source = await importTrace(raw);
  if (output.endsWith('.br'))
    note(`writing ${output}: brotli takes some 2 s of CPU for a MB of text; .csv.gz and .rtrace are quick`);
  const { events } = await writeTrace(source, output, formOf(output));
  note(`${output}: ${events} events`);
  for (const { account } of source.inputs) {
    noteSum(basename(output), account);
    noteLines(accountText(account));
  }
}

/** The exit code of a program, as a shell has it: 128 + the number of the signal that ended it. */
function exitCodeOf(ended: Ended): number {
  if ('status' in ended) return ended.status;
  return 128 + (system.signals[ended.signal as NodeJS.Signals] ?? 0);
}

async function run(args: RecordArgs, guard: Guard, folder: string, signal: AbortSignal): Promise<void> {
  const request = requestOf(args);
  const { engine, instead } = chooseEngine(request);
  if (instead !== undefined) note(`${instead}: recording with ${engine.name}`);
  const raw = rawFolder(args.keepRaw, folder, guard);
  const own = mkdtempSync(join(folder, 'own-'));
  guard.journal({ kind: 'folder', path: own });
  const { manifest, goOn } = await recordInto(raw, own, engine, request, guard, signal);
  note(endText(manifest, goOn));
  note(recordedText(manifest));
  checkLost(manifest, args);
  await convert(raw, args, signal);
  noteLines(unseenText(manifest));
  if (args.keepRaw !== undefined)
    note(`raw: ${args.keepRaw}; reclaim trace import ${args.keepRaw} converts it again`);
  if (args.output !== STDOUT && manifest.accesses !== 'none') note(`next: reclaim compare ${args.output}`);
  const { ended } = manifest.program;
  if (ended !== undefined && !signal.aborted) process.exitCode = exitCodeOf(ended);
}

async function handler(args: RecordArgs): Promise<void> {
  requireLinux('reclaim record');
  checkOutput(args.output, args.pid);
  makeRaw(args.keepRaw);
  chooseEngine(requestOf(args));
  const folder = join(usableCacheFolder(), 'record');
  makeFolder(folder);
  for (const { said } of await restoreAbandoned(folder)) note(said);
  await interruptible(async (signal) => {
    const guard = await Guard.start(folder);
    try {
      await run(args, guard, folder, signal);
    } finally {
      await guard.finish();
    }
  });
}

export const record: Command = { builder, handler };
