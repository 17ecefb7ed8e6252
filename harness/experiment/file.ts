import { dirname } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { InputError, type Place } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { packageFile } from '../base/package-root.js';
import { printable } from '../base/printable.js';
import { MOST_HANDWRITTEN_BYTES, readText } from '../base/text.js';
import { AXES, AXIS_NAMES, type AxisName, axisInfo, MAX_WHOLE } from '../metrics/axes.js';
import type { Claim } from '../metrics/claim.js';
import { DEFAULT_DRAWS, MAX_DRAWS } from '../metrics/draws.js';
import { checkClaimColumns, claimEntries, claimKeys } from './claim-entries.js';
import { expandEntry, generatedEntry, type TraceEntry, traceEntries } from './trace-entries.js';
import { findTrace } from './trace-names.js';

export type { TraceEntry } from './trace-entries.js';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'expected up to 60 lower case letters, digits and "-"');

/** The key of an axis in an experiment file. */
type AxisKey<N extends AxisName> = (typeof AXES)[N]['key'];
/** A value on an axis as a file has it. */
type ListedValue<N extends AxisName> = (typeof AXES)[N]['kind'] extends 'whole' ? number : string;

/** The values on all axes, by the keys of the file. */
type AxisLists = { readonly [N in AxisName as AxisKey<N>]: readonly ListedValue<N>[] };

/** What may stand under the key of an axis: a value, or a list of them. */
function axisSchema(name: AxisName) {
  const { kind, experimentDefault } = axisInfo(name);
  const value =
    kind === 'whole'
      ? z.int().min(0).max(MAX_WHOLE)
      : z.union([z.string(), z.number()], 'expected a text or a number').transform(String);
  const values = z.union(
    [z.array(value).min(1), value.transform((one) => [one])],
    'expected a value, or a list of values',
  );
  if (experimentDefault === null) return values;
  return values.default([kind === 'whole' ? Number(experimentDefault) : experimentDefault]);
}

const axisFields = Object.fromEntries(
  AXIS_NAMES.map((name) => [AXES[name].key, axisSchema(name)]),
) as unknown as { [K in keyof AxisLists]: z.ZodType<AxisLists[K]> };

/** Values on an axis by the name of a family. */
function familyLists(axis: 'discard' | 'thp') {
  return z.record(name, axisSchema(axis) as z.ZodType<readonly string[]>).default({});
}

/** The most replicates of a generated trace: each has cells of its own. */
export const MAX_REPLICATES = 100;

/** The axes that may have values for the traces of one family alone, and the keys of these. */
export const FAMILY_KEYS = { discard: 'family_discard', thp: 'family_thp' } as const satisfies Partial<
  Record<AxisName, string>
>;

/** The keys of an experiment file. */
export const experimentFields = z.strictObject({
  name,
  description: z.string().default('').transform(printable),
  traces: traceEntries.optional(),
  families: z.record(name, traceEntries).optional(),
  ...axisFields,
  family_discard: familyLists('discard'),
  family_thp: familyLists('thp'),
  draws: z.int().min(1).max(MAX_DRAWS).default(DEFAULT_DRAWS),
  replicates: z.int().min(1).max(MAX_REPLICATES).default(1),
  costs: z.string().optional(),
  claims: claimEntries,
});

const schema = experimentFields.refine(({ traces, families }) => traces ?? families, {
  path: ['traces'],
  error: 'expected a list of traces, or families with a list each',
});

/** A trace of an experiment. */
export interface ExperimentTrace {
  /** Name of a shipped trace, path relative to the file, or what to generate it from. */
  readonly entry: TraceEntry;
  /** The kind of program that it stands for: traces of a family share a table. Undefined where the file names none. */
  readonly family: string | undefined;
  /** Where its file names it. Undefined where that was the command line. */
  readonly place?: Place;
}

/** An experiment as its file says it: besides what is here, it has the list of values on each axis (`AXES`) under its key. */
export interface Experiment extends AxisLists {
  /** The file it was read from. */
  readonly file: string;
  /** Lower case letters, digits and hyphens. */
  readonly name: string;
  readonly description: string;
  readonly traces: readonly ExperimentTrace[];
  /** By family: discard policies that its traces alone are replayed under, besides those of the axis. */
  readonly family_discard: Readonly<Record<string, readonly string[]>>;
  /** By family: settings of huge pages that its traces alone are replayed under, besides those of the axis. */
  readonly family_thp: Readonly<Record<string, readonly string[]>>;
  /** Discard policies for traces that give back private memory above all, as allocators do. A file has families for that. */
  readonly private_discard?: readonly string[] | undefined;
  /** Draws of device latency of each cell. */
  readonly draws: number;
  /** How often each generated trace is generated, with other seeds. What was recorded is there once. */
  readonly replicates: number;
  /** A cost table, relative to the file. */
  readonly costs?: string | undefined;
  /** What to compute from the results and compare with what was claimed; claims add no cells. */
  readonly claims: readonly Claim[];
  /** The place in the file of the value at a path of keys. */
  placeOf(path: readonly PropertyKey[]): Place;
}

type Document = ReturnType<typeof parseDocument>;

/** The text of an experiment, with what is needed to find the place of a value in it. */
interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

function placeAt({ file, lines }: Source, range: readonly number[]): Place {
  const { line, col } = lines.linePos(range[0]!);
  return { file, line, column: col };
}

/** The place in the file of the value at a path of keys. */
function placeOf(source: Source, path: readonly PropertyKey[]): Place {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = source.document.getIn(path.slice(0, depth), true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) return placeAt(source, node.range);
  }
  return { file: source.file };
}

/** The place of a key of the map at a path (its value may be fine). */
function placeOfKey(source: Source, path: readonly PropertyKey[], key: string): Place {
  const map = path.length === 0 ? source.document.contents : source.document.getIn(path, true);
  if (!isMap(map)) return placeOf(source, path);
  for (const { key: node } of map.items) {
    if (isScalar(node) && String(node.value) === key && node.range) return placeAt(source, node.range);
  }
  return placeOf(source, path);
}

type Issue = z.core.$ZodIssue;

/** What values are called in messages, by the type that the schema knows them as. */
const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  null: 'nothing',
};

/** A message of the schema in words of ours, where it is not one already. */
function plainMessage(message: string): string {
  const type = /^Invalid input: expected (\w+), received (\w+)$/.exec(message);
  if (!type)
    return message.replace(
      /^Too small: expected array to have >=1 items$/,
      'an empty list, expected a value',
    );
  const [wanted, found] = type.slice(1).map((word) => TYPES[word] ?? word);
  return found === 'undefined' ? `missing, expected ${wanted}` : `${found}, expected ${wanted}`;
}

/** What is wrong with a value that may have several shapes, according to the shape that it fits best. */
function innermost(issue: Issue, path: readonly PropertyKey[] = []): { issue: Issue; path: PropertyKey[] } {
  const whole = [...path, ...issue.path];
  if (issue.code !== 'invalid_union') return { issue, path: whole };
  const shapes = issue.errors.map((errors) => innermost(errors[0]!, whole));
  const fits = shapes.find(
    (inner) => inner.path.length > whole.length || !/^invalid_(type|union)$/.test(inner.issue.code ?? ''),
  );
  return fits ?? { issue, path: whole };
}

/** The part of an experiment that a path leads to, and its keys. */
function partAt(path: readonly PropertyKey[]): { name: string; keys: readonly string[] } {
  if (path.length === 0) return { name: 'an experiment', keys: Object.keys(experimentFields.shape) };
  if (path[0] === 'claims') return { name: 'a claim', keys: claimKeys(path) };
  return { name: 'a trace', keys: Object.keys(generatedEntry.shape) };
}

/** Keys of earlier versions, and what to write instead. */
const GONE: Readonly<Record<string, string>> = {
  seeds:
    'draws: N for draws of device latency, replicates: N for generated traces with other seeds, or seed: (a number, or a list) for the seed of all random streams',
};

/** The issue to report: a misspelt key also leaves the right one missing. */
function foremost(issues: readonly Issue[]): Issue {
  return issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
}

function wrong(first: Issue, source: Source): InputError {
  const { issue, path } = innermost(first);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const instead = path.length === 0 ? GONE[key] : undefined;
    if (instead !== undefined)
      return new InputError(
        `"${key}" is no longer a key of an experiment, expected ${instead}`,
        placeOfKey(source, path, key),
      );
    const { name, keys } = partAt(path);
    return unknownName(`key of ${name}`, key, keys).at(placeOfKey(source, path, key));
  }
  const name = path.length === 0 ? 'the experiment' : path.join('.');
  return new InputError(`${name}: ${plainMessage(issue.message)}`, placeOf(source, path));
}

/** The most aliases that may stand in for parts of the file, those within others counted again. */
const MAX_ALIASES = 100;

/**
 * The value of a document.
 *
 * @throws InputError for a key that objects of JavaScript have already, and for aliases of aliases without end
 */
function documentValue(source: Source): unknown {
  let alias: readonly number[] | undefined | null;
  visit(source.document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === '__proto__' && key.range)
        throw new InputError('"__proto__" is no key of an experiment', placeAt(source, key.range));
    },
    Alias(_, node) {
      alias = node.range;
    },
  });
  try {
    return source.document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new InputError(
      `its aliases cannot be followed (${error.message}), expected at most ${MAX_ALIASES}`,
      alias ? placeAt(source, alias) : { file: source.file },
    );
  }
}

/**
 * Reads an experiment file (YAML).
 *
 * @throws InputError with line and column when it is not YAML, for an unknown key, or a value of the wrong kind
 *
 * @example Read an experiment
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { readExperiment } from 'reclaim-bench';
 *
 * writeFileSync('pools.yaml', 'name: pools\ntraces: [mariadb-resize]\ndiscard: [keep, dontneed]\nlimits: [none, 50%]\n');
 * const { name, discard, limits, reclaim } = readExperiment('pools.yaml');
 * console.log(name, discard.length * limits.length, reclaim); // → pools 4 [ 'linux' ]
 * ```
 */
export function readExperiment(file: string): Experiment {
  const text = readText(file, MOST_HANDWRITTEN_BYTES);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  const source = { file, document, lines };
  const broken = document.errors[0];
  if (broken) throw new InputError(`not YAML: ${broken.message.split('\n')[0]}`, placeAt(source, broken.pos));
  const parsed = schema.safeParse(documentValue(source));
  if (!parsed.success) throw wrong(foremost(parsed.error.issues), source);
  const { traces: unnamed, families = {}, ...rest } = parsed.data;
  const traces = [
    ...expandList(unnamed ?? [], ['traces'], undefined, source),
    ...Object.entries(families).flatMap(([family, entries]) =>
      expandList(entries, ['families', family], family, source),
    ),
  ];
  for (const key of Object.values(FAMILY_KEYS))
    for (const family of Object.keys(rest[key]))
      if (!Object.hasOwn(families, family))
        throw unknownName('family', family, Object.keys(families)).at(placeOfKey(source, [key], family));
  checkClaimColumns(rest.claims, (path) => placeOf(source, ['claims', ...path]));
  return { ...rest, traces, file, placeOf: (path) => placeOf(source, path) };
}

/** Checks what looks like the name of a shipped trace; files are looked for when they are read. */
function checkName(name: string, path: readonly PropertyKey[], source: Source): void {
  try {
    findTrace(name, dirname(source.file));
  } catch (error) {
    throw error instanceof InputError ? error.namedAt(placeOf(source, path)) : error;
  }
}

/** The traces that a list stands for; `path` is where it stands. */
function expandList(
  entries: z.output<typeof traceEntries>,
  path: readonly PropertyKey[],
  family: string | undefined,
  source: Source,
): ExperimentTrace[] {
  entries.forEach((listed, i) => {
    if (typeof listed === 'string') checkName(listed, [...path, i], source);
  });
  return entries.flatMap((listed, i) =>
    expandEntry(listed, (within) => placeOf(source, [...path, i, ...within])).map((entry) => ({
      entry,
      family,
      place: placeOf(source, [...path, i]),
    })),
  );
}

/** The experiment that runs when none is named. */
export const DEFAULT_EXPERIMENT = packageFile('workloads', 'experiments', 'default.yaml');
