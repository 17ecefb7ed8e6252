import type { Argv } from 'yargs';
import { unknownName } from '../base/nearest.js';
import { choiceOf } from '../diff/choice.js';
import { diffOf } from '../diff/diff.js';
import { FORMATS, formatNamed } from '../diff/formats/registry.js';
import { readResults } from '../gate/read/results.js';
import { METRICS, type MetricName } from '../metrics/schema.js';
import { addFiles } from '../output/adding.js';
import { PLAIN } from '../report/terminal-text.js';
import { type Command, filePositional } from './flags.js';
import { chosenFormats, type FormatsArgs, formatsFlags } from './several-formats.js';
import { note, outputLook, print } from './terminal.js';

interface Args extends FormatsArgs {
  a: string;
  b: string;
  metric?: string;
  all: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('a', filePositional('folder of results'))
    .positional('b', filePositional('folder of results to set against it'))
    .options({
      metric: {
        type: 'string',
        describe: 'only these metrics, separated by commas (default: the ten that say most)',
        requiresArg: true,
      },
      all: {
        type: 'boolean',
        default: false,
        describe: 'all metrics, and all rows of each',
      },
      ...formatsFlags(FORMATS),
    })
    .epilogue(
      'It has no verdict in its exit code: reclaim gate has. Exit codes: 0 done, 2 bad input or nothing to compare.',
    );
}

/** @throws InputError for an unknown metric */
function metricsOf(text: string | undefined): MetricName[] {
  const names = METRICS.map(({ name }) => name);
  return (text?.split(',') ?? []).map((name) => {
    const known = names.find((one) => one === name);
    if (!known) throw unknownName('metric', name, names);
    return known;
  });
}

async function handler(args: Args): Promise<void> {
  const formats = chosenFormats(args, formatNamed);
  const choice = choiceOf(metricsOf(args.metric), args.all);
  const diff = diffOf(readResults(args.a), readResults(args.b));
  if (args.out !== undefined) {
    const files = formats.map((format) => [format.file, format.text(diff, choice, PLAIN)] as const);
    await addFiles(args.out, new Map(files), note);
  }
  const shown = args.out === undefined ? formats[0]! : formatNamed('table');
  await print(shown.text(diff, choice, outputLook()));
}

export const diff: Command = { builder, handler };
