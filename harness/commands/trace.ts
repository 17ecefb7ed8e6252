import type { Argv } from 'yargs';
import { InputError, type Place } from '../base/errors.js';
import { parsePairs } from '../base/parse.js';
import { readText } from '../base/text.js';
import { findTrace } from '../experiment/traces.js';
import { chooseWorkload, DEFAULT_SEED, generate as generateTrace } from '../experiment/workload.js';
import { simulated } from '../machine/target.js';
import { validate } from '../replay/validate.js';
import { compileTrace } from '../trace/compile.js';
import { importFormats, importTrace } from '../trace/import.js';
import { traceInfo } from '../trace/info.js';
import { COUNT_LIMIT } from '../trace/op.js';
import { GUEST_BACKINGS, type GuestsOptions } from '../trace/readers/guests/import.js';
import { parseMarks } from '../trace/readers/marks.js';
import { STRACE_MEMORY } from '../trace/readers/strace/follow.js';
import { STRACE_TOUCHES } from '../trace/readers/strace/writer.js';
import { openTrace, type Trace } from '../trace/trace.js';
import { formOf, TRACE_FORMS, type TraceForm, writeTrace } from '../trace/write.js';
import { postgresqlOptions } from './buffer-pool.js';
import {
  type Command,
  filePositional,
  MAX_SEED,
  type SubCommand,
  tracePositional,
  wholeFlag,
} from './flags.js';
import { note, print } from './terminal.js';

/** Warnings printed in full; the rest are counted. */
const SHOWN_WARNINGS = 20;

async function open(name: string): Promise<Trace> {
  const { path, shown } = findTrace(name);
  return openTrace(await compileTrace(path, shown));
}

const outputPositional = filePositional(
  'a file (.rtrace is binary; .gz and .br compress text), or - for text on standard output',
);

const info: SubCommand = {
  command: 'info <trace>',
  describe: 'what a trace contains: metadata, events by op, spaces, objects, time',
  builder: (yargs) => yargs.positional('trace', tracePositional),
  handler: async (args: { trace: string }) => {
    await print(await traceInfo(await open(args.trace)));
  },
};

function placeText({ file, line }: Place): string {
  return line === undefined ? file : `${file}:${line}`;
}

const validateCommand: SubCommand = {
  command: 'validate <trace>',
  describe: 'check that every event of a trace makes sense',
  builder: (yargs) => yargs.positional('trace', tracePositional),
  handler: async (args: { trace: string }) => {
    const { events, touches, warnings } = await validate(await open(args.trace), simulated);
    for (const { place, what } of warnings.slice(0, SHOWN_WARNINGS))
      note(`${placeText(place)}: warning: ${what}`);
    const more =
      warnings.length > SHOWN_WARNINGS ? ` (${warnings.length - SHOWN_WARNINGS} more not shown)` : '';
    await print(`valid: ${events} events, ${touches} touches, ${warnings.length} warnings${more}`);
  },
};

const convert: SubCommand = {
  command: 'convert <trace> <output>',
  describe: 'write a trace in another form: text or binary (.rtrace)',
  builder: (yargs) =>
    yargs.positional('trace', tracePositional).positional('output', outputPositional).option('to', {
      choices: TRACE_FORMS,
      describe: 'the form to write (default: as the name of the output says)',
    }),
  handler: async (args: { trace: string; output: string; to?: TraceForm }) => {
    const trace = await open(args.trace);
    const form = args.to ?? formOf(args.output);
    const written = await writeTrace(
      trace,
      args.output,
      form,
      form === 'binary' ? trace.totals.sha256 : undefined,
    );
    if (args.output !== '-') note(`${args.output}: ${written.events} events`);
  },
};

function readMarks(file: string | undefined) {
  return file === undefined ? [] : parseMarks(readText(file), file);
}

/** What `--guests` and its like say of snapshots of guests. */
function guestsOptions(args: ImportArgs): GuestsOptions | undefined {
  if (args.guests === undefined) return undefined;
  const guests = args.guests.split(',');
  if (!guests.every((name) => /^[A-Za-z0-9._-]+$/.test(name)))
    throw new InputError(
      `--guests "${args.guests}" is not a list of names, expected one a guest, as in base,web`,
    );
  return {
    guests,
    pages: wholeFlag('guest-pages', args.guestPages, 1, COUNT_LIMIT),
    settleS: wholeFlag('settle', args.settle, 0, 1e6),
    backing: args.guestBacking,
    restartS: wholeFlag('restart', args.restart, 0, 1e6),
  };
}

interface ImportArgs {
  file: string;
  reader?: string;
  split: boolean;
  output: string;
  guests?: string;
  guestPages: number;
  settle: number;
  guestBacking: GuestsOptions['backing'];
  restart: number;
  sharedBuffers: string;
  resize: string[];
  faults?: string;
  marks?: string;
  memory: (typeof STRACE_MEMORY)[number];
  touches: (typeof STRACE_TOUCHES)[number];
  meta: string[];
}

const importCommand: SubCommand = {
  command: 'import <file> <output>',
  describe: 'make a trace from a log of strace -f -ttt -T, or from a file of another format',
  builder: (yargs) =>
    yargs
      .positional(
        'file',
        filePositional(
          'the file (.gz, .br and .zst are decompressed), or - for a log of strace on standard input',
        ),
      )
      .positional('output', outputPositional)
      .options({
        reader: {
          type: 'string',
          alias: 'format',
          describe: `its format, if content and name do not tell: ${importFormats().join(', ')}`,
          requiresArg: true,
        },
        split: {
          type: 'boolean',
          default: false,
          describe: 'cut requests into pages of 4 KiB; without, each object or block is a page',
        },
        guests: {
          type: 'string',
          describe: 'for guests: their names, by number, as in base,web',
          requiresArg: true,
        },
        'guest-pages': {
          type: 'number',
          default: 65_536,
          describe: 'for guests: memory of each, in pages',
          requiresArg: true,
        },
        settle: {
          type: 'number',
          default: 600,
          describe: 'for guests: seconds after the last snapshot until the trace ends',
          requiresArg: true,
        },
        'guest-backing': {
          choices: GUEST_BACKINGS,
          default: 'anon' as const,
          describe: 'for guests: what their memory is on the host',
        },
        restart: {
          type: 'number',
          default: 0,
          describe: 'for guests: seconds for which each in turn is off after the last snapshot (0: none is)',
          requiresArg: true,
        },
        'shared-buffers': {
          type: 'string',
          default: '64MiB',
          describe: 'for postgresql: SIZE of the buffer pool',
          requiresArg: true,
        },
        resize: {
          type: 'string',
          array: true,
          default: [] as string[],
          describe: 'for postgresql: a change of that size, SECONDS=SIZE (repeatable)',
        },
        faults: {
          type: 'string',
          describe:
            'for mariadb: the file of page faults (tracepoint page_fault_user) recorded beside the log',
          requiresArg: true,
        },
        marks: {
          type: 'string',
          describe:
            'a file of marks, "TIME LABEL" a line; "pressure moderate|critical" becomes pressure; for chromium also "open TAB" and "front TAB"',
          requiresArg: true,
        },
        memory: { choices: STRACE_MEMORY, default: 'shared' as const, describe: 'which mappings to follow' },
        touches: {
          choices: STRACE_TOUCHES,
          default: 'none' as const,
          describe: 'how to infer accesses, which a log of calls does not show',
        },
        meta: {
          type: 'string',
          array: true,
          default: [] as string[],
          describe: 'metadata to add, "key: value" (repeatable)',
        },
      }),
  handler: async (args: ImportArgs) => {
    const source = await importTrace(args.file, {
      format: args.reader,
      split: args.split,
      guests: guestsOptions(args),
      postgresql: postgresqlOptions(args.sharedBuffers, args.resize),
      faults: args.faults,
      memory: args.memory,
      touches: args.touches,
      marks: readMarks(args.marks),
    });
    for (const pair of args.meta) {
      const match = /^([^:]+): (.+)$/.exec(pair);
      if (!match) throw new InputError(`--meta "${pair}" is not metadata, expected "key: value"`);
      source.meta.set(match[1]!, match[2]!);
    }
    const written = await writeTrace(source, args.output, formOf(args.output));
    if (args.output !== '-') note(`${args.output}: ${written.events} events`);
    if (source.summary) note(source.summary());
  },
};

interface GenerateArgs {
  workload: string;
  output: string;
  param: string[];
  seed: number;
}

const generate: SubCommand = {
  command: 'generate <workload> <output>',
  describe: 'make a synthetic trace (see reclaim workloads)',
  builder: (yargs) =>
    yargs
      .positional('workload', { type: 'string', demandOption: true, describe: 'name of the generator' })
      .positional('output', outputPositional)
      .options({
        param: {
          type: 'string',
          array: true,
          default: [] as string[],
          describe: 'a parameter, key=value (repeatable)',
        },
        seed: {
          type: 'number',
          default: DEFAULT_SEED,
          describe: 'seed of all random draws',
          requiresArg: true,
        },
      }),
  handler: async (args: GenerateArgs) => {
    const seed = wholeFlag('seed', args.seed, 0, MAX_SEED);
    const source = generateTrace(chooseWorkload(args.workload, parsePairs(args.param, '--param'), seed));
    source.meta.set(
      'command',
      `reclaim trace generate ${[args.workload, ...args.param.map((pair) => `--param ${pair}`)].join(' ')} --seed ${seed}`,
    );
    const written = await writeTrace(source, args.output, formOf(args.output));
    if (args.output !== '-') note(`${args.output}: ${written.events} events`);
  },
};

export const trace: Command = {
  builder: (yargs: Argv) => {
    for (const action of [info, validateCommand, convert, importCommand, generate])
      yargs.command(action as never);
    return yargs.demandCommand(
      1,
      'an action is missing, expected info, validate, convert, import or generate',
    );
  },
  handler: async () => {},
};
