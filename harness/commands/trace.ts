import type { Argv } from 'yargs';
import { InputError, type Place } from '../base/errors.js';
import { parsePairs } from '../base/parse.js';
import { findTrace } from '../experiment/traces.js';
import { chooseWorkload, DEFAULT_SEED, generate as generateTrace } from '../experiment/workload.js';
import { simulated } from '../machine/target.js';
import { validate } from '../replay/validate.js';
import { compileTrace } from '../trace/compile.js';
import { importTrace } from '../trace/import.js';
import { traceInfo } from '../trace/info.js';
import { openTrace, type Trace } from '../trace/trace.js';
import { formOf, TRACE_FORMS, type TraceForm, writeTrace } from '../trace/write.js';
import { noteAccount } from './account.js';
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

interface ImportArgs {
  file: string;
  output: string;
  reader?: string;
  with: string[];
  split: boolean;
  meta: string[];
}

/** Flags of earlier versions: what each is called now. */
const REMOVED_FLAGS: Readonly<Record<string, string>> = {
  format: '--reader NAME',
  guests: '--reader guests:names=base+web',
  'guest-pages': '--reader guests:names=…,pages=SIZE',
  settle: '--reader guests:names=…,settle=SECONDS',
  'guest-backing': '--reader guests:names=…,backing=anon|shmem',
  restart: '--reader guests:names=…,restart=SECONDS',
  'shared-buffers': '--reader postgresql:shared_buffers=SIZE',
  resize: '--reader postgresql:resize=SECONDS:SIZE+SECONDS:SIZE',
  faults: '--with faults=FILE',
  marks: '--with marks=FILE',
  memory: '--reader strace:memory=shared|all',
  touches: '--reader strace:touches=none|second-mapper',
};

/** Options that end the command with the new form. */
const removedOptions = Object.fromEntries(
  Object.entries(REMOVED_FLAGS).map(([flag, now]) => {
    const coerce = () => {
      throw new InputError(`--${flag} has been replaced, expected ${now}`);
    };
    return [flag, { hidden: true, coerce }];
  }),
);

const importCommand: SubCommand = {
  command: 'import <file> <output>',
  describe: 'make a trace from a log, or from a file of another format (see reclaim readers)',
  builder: (yargs) =>
    yargs
      .positional(
        'file',
        filePositional(
          'the file or pipe (.gz, .bz2, .xz, .zst and .br are decompressed), or - for standard input',
        ),
      )
      .positional('output', outputPositional)
      .options({
        reader: {
          type: 'string',
          describe: 'how it is read, NAME or NAME:key=value,…, if not detected (see reclaim readers)',
          requiresArg: true,
        },
        with: {
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          describe: 'another file that the reader takes, NAME=FILE, as in marks=FILE (repeatable)',
        },
        split: {
          type: 'boolean',
          default: false,
          describe: 'cut requests into pages of 4 KiB; without, each object or block is a page',
        },
        meta: {
          type: 'string',
          array: true,
          default: [] as string[],
          describe: 'metadata to add, "key: value" (repeatable)',
        },
      })
      .options(removedOptions),
  handler: async (args: ImportArgs) => {
    const { reader, split } = args;
    const source = await importTrace(args.file, { reader, split, sides: parsePairs(args.with, '--with') });
    for (const pair of args.meta) {
      const match = /^([^:]+): (.+)$/.exec(pair);
      if (!match) throw new InputError(`--meta "${pair}" is not metadata, expected "key: value"`);
      source.meta.set(match[1]!, match[2]!);
    }
    const written = await writeTrace(source, args.output, formOf(args.output));
    if (args.output !== '-') note(`${args.output}: ${written.events} events`);
    if (source.summary) note(source.summary());
    for (const { file, account } of source.inputs) noteAccount(file, account);
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
