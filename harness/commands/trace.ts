import type { Argv } from 'yargs';
import { InputError, type Place } from '../base/errors.js';
import { jsonText } from '../base/json.js';
import { parsePairs } from '../base/parse.js';
import { findTrace } from '../experiment/trace-names.js';
import { chooseWorkload, DEFAULT_SEED, generate as generateTrace } from '../experiment/workload.js';
import { simulated } from '../machine/target.js';
import { validate } from '../replay/validate.js';
import { compileTrace } from '../trace/compile.js';
import { traceInfo, traceInfoText } from '../trace/info.js';
import { SampledTrace } from '../trace/sample/sample.js';
import { ONE_READER_BYTES, openTrace, type Trace } from '../trace/trace.js';
import { formOf, TRACE_FORMS, type TraceForm, writeTrace } from '../trace/write.js';
import { withExample } from './examples.js';
import {
  type Command,
  inputLimitFlags,
  loadPolicyModules,
  MAX_SEED,
  outputPositional,
  type PolicyModuleArgs,
  policyModuleFlag,
  type SubCommand,
  tracePositional,
  wholeFlag,
} from './flags.js';
import { note, print } from './terminal.js';
import { importCommand } from './trace-import.js';
import { listCommand } from './trace-list.js';

/** Warnings printed in full; the rest are counted. */
const SHOWN_WARNINGS = 20;

async function open(name: string): Promise<Trace> {
  const { path, shown } = findTrace(name);
  return openTrace(await compileTrace(path, shown, ONE_READER_BYTES));
}

const info: SubCommand = {
  command: 'info <trace>',
  describe: 'what a trace contains: metadata, events by op, spaces, objects, time',
  builder: (yargs) =>
    yargs.positional('trace', tracePositional).options({
      format: {
        choices: ['text', 'json'] as const,
        default: 'text' as const,
        describe: 'text, or one JSON object for programs',
      },
      ...inputLimitFlags,
    }),
  handler: async (args: { trace: string; format: 'text' | 'json' }) => {
    const contents = await traceInfo(await open(args.trace));
    await print(args.format === 'json' ? jsonText(contents) : traceInfoText(contents));
  },
};

function placeText({ file, line }: Place): string {
  return line === undefined ? file : `${file}:${line}`;
}

const validateCommand: SubCommand = {
  command: 'validate <trace>',
  describe: 'check that every event of a trace makes sense',
  builder: (yargs) => yargs.positional('trace', tracePositional).options(inputLimitFlags),
  handler: async (args: { trace: string }) => {
    const { events, touches, warnings, zeroReads } = await validate(await open(args.trace), simulated);
    for (const { place, what, count } of warnings.slice(0, SHOWN_WARNINGS))
      note(`${placeText(place)}: warning: ${what}${count > 1 ? ` (${count} times)` : ''}`);
    const more =
      warnings.length > SHOWN_WARNINGS ? ` (${warnings.length - SHOWN_WARNINGS} more not shown)` : '';
    const zeros = zeroReads > 0 ? `, ${zeroReads} reads of zeros after a drop` : '';
    await print(`valid: ${events} events, ${touches} touches, ${warnings.length} warnings${more}${zeros}`);
  },
};

const convert: SubCommand = {
  command: 'convert <trace> <output>',
  describe: 'write a trace in another form: text or binary (.rtrace)',
  builder: (yargs) =>
    yargs
      .positional('trace', tracePositional)
      .positional('output', outputPositional)
      .options({
        to: {
          choices: TRACE_FORMS,
          describe: 'the form to write (default: as the name of the output says)',
        },
        ...inputLimitFlags,
      }),
  handler: async (args: { trace: string; output: string; to?: TraceForm }) => {
    const trace = await open(args.trace);
    const form = args.to ?? formOf(args.output);
    const written = await writeTrace(trace, args.output, form);
    if (args.output !== '-') note(`${args.output}: ${written.events} events`);
  },
};

const sample: SubCommand = {
  command: 'sample <trace> <output>',
  describe: 'keep the accesses to one in N pages: a smaller trace, whose results are scaled',
  builder: (yargs) =>
    yargs
      .positional('trace', tracePositional)
      .positional('output', outputPositional)
      .options({
        rate: {
          type: 'string',
          demandOption: true,
          describe: 'the share of the pages, 1/N',
          requiresArg: true,
        },
        ...inputLimitFlags,
      }),
  handler: async (args: { trace: string; output: string; rate: string }) => {
    const match = /^1\/([1-9]\d{0,6})$/.exec(args.rate);
    if (!match) throw new InputError(`--rate ${args.rate} is not a share of the pages, expected 1/N`);
    const source = new SampledTrace(await open(args.trace), Number(match[1]));
    const written = await writeTrace(source, args.output, formOf(args.output));
    if (args.output !== '-') note(`${args.output}: ${written.events} events, ${source.summary()}`);
  },
};

interface GenerateArgs extends PolicyModuleArgs {
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
        ...policyModuleFlag,
      }),
  handler: async (args: GenerateArgs) => {
    await loadPolicyModules(args);
    const seed = wholeFlag('seed', args.seed, 0, MAX_SEED);
    const source = generateTrace(chooseWorkload(args.workload, parsePairs(args.param, '--param'), seed));
    const given = [
      ...args.param.map((pair) => `--param ${pair}`),
      ...args.policyModule.map((file) => `--policy-module ${file}`),
    ];
    source.meta.set(
      'command',
      ['reclaim trace generate', args.workload, ...given, `--seed ${seed}`].join(' '),
    );
    const written = await writeTrace(source, args.output, formOf(args.output));
    if (args.output !== '-') note(`${args.output}: ${written.events} events`);
  },
};

/** An action with its example in its help. */
function exemplified(action: SubCommand): SubCommand {
  const words = `trace ${action.command.split(' ')[0]}`;
  return { ...action, builder: (yargs) => withExample(action.builder(yargs), words) };
}

export const trace: Command = {
  builder: (yargs: Argv) => {
    for (const action of [info, validateCommand, convert, sample, importCommand, generate, listCommand])
      yargs.command(exemplified(action) as never);
    return yargs
      .recommendCommands()
      .demandCommand(
        1,
        'an action is missing, expected info, validate, convert, sample, import, generate or list',
      );
  },
  handler: async () => {},
};
