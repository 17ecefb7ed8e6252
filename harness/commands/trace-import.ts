import { InputError } from '../base/errors.js';
import { parsePairs } from '../base/parse.js';
import { importTrace } from '../trace/import.js';
import { formOf, writeTrace } from '../trace/write.js';
import { noteAccount, noteSum } from './account.js';
import {
  filePositional,
  inputLimitFlags,
  loadPolicyModules,
  outputPositional,
  type PolicyModuleArgs,
  policyModuleFlag,
  type SubCommand,
} from './flags.js';
import { note } from './terminal.js';

interface ImportArgs extends PolicyModuleArgs {
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
  memory: '--reader strace:memory=auto|shared|all',
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

export const importCommand: SubCommand = {
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
        ...inputLimitFlags,
        ...policyModuleFlag,
      })
      .options(removedOptions),
  handler: async (args: ImportArgs) => {
    const { reader, split } = args;
    await loadPolicyModules(args);
    const source = await importTrace(args.file, { reader, split, sides: parsePairs(args.with, '--with') });
    for (const pair of args.meta) {
      const match = /^([^:]+): (.+)$/.exec(pair);
      if (!match) throw new InputError(`--meta "${pair}" is not metadata, expected "key: value"`);
      source.meta.set(match[1]!, match[2]!);
    }
    const written = await writeTrace(source, args.output, formOf(args.output));
    if (args.output !== '-') note(`${args.output}: ${written.events} events`);
    if (source.summary) note(source.summary());
    for (const { file, account } of source.inputs) {
      noteSum(file, account);
      noteAccount(file, account);
    }
  },
};
