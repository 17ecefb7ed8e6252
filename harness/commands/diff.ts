import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { choiceOf } from '../diff/choice.js';
import { diffOf } from '../diff/diff.js';
import { FORMATS, formatNamed } from '../diff/formats/registry.js';
import { readResults } from '../gate/read/results.js';
import { METRICS, type MetricName } from '../metrics/schema.js';
import { addFiles } from '../output/adding.js';
import { PLAIN } from '../report/terminal-text.js';
import { type Command, loneHyphen } from './flags.js';
import { note, outputLook, print } from './terminal.js';

interface Args {
  a: string;
  b: string;
  metric?: string;
  all: boolean;
  format: string;
  out?: string;
}

function builder(yargs: Argv): Argv {
  const folder = (describe: string) =>
    ({ type: 'string', demandOption: true, describe, coerce: loneHyphen }) as const;
  return yargs
    .positional('a', folder('folder of results'))
    .positional('b', folder('folder of results to set against it'))
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
      format: {
        type: 'string',
        default: 'table',
        describe: `output format: ${FORMATS.map(({ name }) => name).join(', ')}; several, separated by commas, need --out`,
        requiresArg: true,
      },
      out: { type: 'string', describe: 'folder for a file in each format', requiresArg: true },
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
  const formats = args.format.split(',').map(formatNamed);
  if (formats.length > 1 && args.out === undefined)
    throw new InputError(
      `--format ${args.format} names several formats, expected --out with a folder for them`,
    );
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
