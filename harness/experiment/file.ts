import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { fileError, InputError, type Place } from '../input/errors.js';
import { unknownName } from '../input/nearest.js';
import { packageFile } from '../input/package-root.js';

const NAME = /^[a-z0-9][a-z0-9-]*$/;
const list = z.array(z.union([z.string(), z.number()]).transform(String)).min(1);

const schema = z.strictObject({
  name: z.string().regex(NAME, 'expected lower case letters, digits and "-"'),
  description: z.string().default(''),
  traces: list,
  discard: list,
  reclaim: list.default(['linux']),
  merge: list.default(['none']),
  purge: list.default(['range-lru']),
  limits: list.default(['none']),
  memory: z.union([z.string(), z.number()]).transform(String).optional(),
  swap: list.default(['ssd']),
  seeds: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 31 - 1),
    )
    .min(1)
    .default([1]),
  costs: z.string().optional(),
});

/** An experiment as its file says it: every list is one axis of the cells. */
export interface Experiment {
  /** The file it was read from. */
  readonly file: string;
  /** Lower case letters, digits and hyphens. */
  readonly name: string;
  readonly description: string;
  /** Names of shipped traces, or paths relative to the file. */
  readonly traces: readonly string[];
  readonly discard: readonly string[];
  readonly reclaim: readonly string[];
  readonly merge: readonly string[];
  readonly purge: readonly string[];
  /** SIZE, `none`, or `trace`. */
  readonly limits: readonly string[];
  /** SIZE of the machine's memory; never short when absent. */
  readonly memory?: string | undefined;
  readonly swap: readonly string[];
  readonly seeds: readonly number[];
  /** A cost table, relative to the file. */
  readonly costs?: string | undefined;
}

const KEYS = Object.keys(schema.shape);

/** Where the value at a path of keys stands in the file. */
function placeOf(
  document: ReturnType<typeof parseDocument>,
  lines: LineCounter,
  path: readonly PropertyKey[],
  file: string,
): Place {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true) as
      | { range?: [number, number, number] }
      | undefined;
    if (!node?.range) continue;
    const { line, col } = lines.linePos(node.range[0]);
    return { file, line, column: col };
  }
  return { file };
}

/** Where a key stands (its value may be fine). */
function placeOfKey(text: string, key: string, file: string): Place {
  const line = text.split('\n').findIndex((row) => row.trimStart().startsWith(`${key}:`));
  return line < 0 ? { file } : { file, line: line + 1, column: 1 };
}

/**
 * Reads an experiment file (YAML).
 *
 * @throws InputError with line and column for what is not YAML, an unknown key, or a value of the wrong kind
 */
export function readExperiment(file: string): Experiment {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, file);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new InputError(`not YAML: ${broken.message.split('\n')[0]}`, { file, line, column: col });
  }
  const parsed = schema.safeParse(document.toJS());
  if (parsed.success) return { ...parsed.data, file };
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] as string;
    throw unknownName('key of an experiment', key, KEYS).at(placeOfKey(text, key, file));
  }
  const path = issue.path.join('.');
  throw new InputError(
    `${path === '' ? 'the experiment' : path}: ${issue.message}`,
    placeOf(document, lines, issue.path, file),
  );
}

/** The experiment that runs when none is named. */
export const DEFAULT_EXPERIMENT = packageFile('workloads', 'experiments', 'default.yaml');
