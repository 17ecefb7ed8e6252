import type { Argv } from 'yargs';
import { WORKLOADS } from '../../workloads/registry.js';
import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { type Parameter, type Parameters, valueText } from '../base/parameters.js';
import { csvHeader, csvRows, type Row } from '../metrics/csv.js';
import { METRICS } from '../metrics/schema.js';
import { controllers } from '../policy/controller/registry.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { columnsText } from '../report/compact-table.js';
import { wrapped } from '../report/terminal-text.js';
import type { Reader } from '../trace/readers/reader.js';
import { READERS } from '../trace/readers/registry.js';
import {
  type Command,
  loadPolicyModules,
  type PolicyModuleArgs,
  policyModuleFlag,
  policyTimeout,
} from './flags.js';
import { isolated } from './isolated.js';
import { outputLook, print } from './terminal.js';

/** What there is to list: policies, generators, readers. */
interface Described {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  readonly parameters: Parameters;
  /** The file of code that it is from, if it is not of this package. */
  readonly module?: { readonly file: string };
}

/** Entries that are listed together. */
interface Kind<T extends Described = Described> {
  readonly kind: string;
  readonly title: string;
  readonly entries: readonly T[];
}

interface ListArgs {
  readonly name?: string;
  readonly format: 'table' | 'json' | 'csv';
}

/** A parameter with its default, or an example where there is no default, and what else it may be. */
function describeParameter(key: string, parameter: Parameter): string {
  if (parameter.kind === 'list') {
    const required = parameter.required ? ' (required)' : ' (default: none)';
    return `${key}=${parameter.example}${required}: ${parameter.meaning}`;
  }
  const choices = parameter.kind === 'choice' ? ` (${parameter.choices.join(', ')})` : '';
  return `${key}=${valueText(parameter, parameter.default)}${choices}: ${parameter.meaning}`;
}

const INDENT = '      ';

/** An entry, fitted to the terminal. @param more lines after its parameters */
function describe(
  { name, summary, source, parameters, module }: Described,
  more: readonly string[] = [],
): string {
  const { columns } = outputLook();
  const lines = [
    summary,
    `source: ${source}`,
    ...(module ? [`module: ${module.file}`] : []),
    ...Object.entries(parameters).map(([key, parameter]) => describeParameter(key, parameter)),
    ...more,
  ];
  const fitted = lines.map((line) => INDENT + wrapped(line, columns - INDENT.length, `${INDENT}  `));
  return [`  ${name}`, ...fitted].join('\n');
}

function parameterJson(name: string, parameter: Parameter) {
  const { kind, meaning } = parameter;
  const choices = parameter.kind === 'choice' ? { choices: parameter.choices } : {};
  return { name, kind, default: parameter.default, ...choices, meaning };
}

function entryJson(kind: string, { name, summary, source, parameters, module }: Described) {
  const listed = Object.entries(parameters).map(([key, parameter]) => parameterJson(key, parameter));
  return { kind, name, summary, source, ...(module && { module: module.file }), parameters: listed };
}

/** Parameters with their defaults, as a policy is written. */
function entryRow(kind: string, { name, summary, source, parameters }: Described) {
  const defaults = Object.entries(parameters).map(([key, parameter]) => `${key}=${parameter.default}`);
  return { kind, name, parameters: defaults.join(','), summary, source };
}

const ENTRY_COLUMNS = ['kind', 'name', 'parameters', 'summary', 'source'] as const;

/** @throws InputError for a name that none of the entries has */
function named<T extends Described>(
  kinds: readonly Kind<T>[],
  name: string | undefined,
  what: string,
): Kind<T>[] {
  if (name === undefined) return [...kinds];
  const names = kinds.flatMap(({ entries }) => entries.map((entry) => entry.name));
  if (!names.includes(name)) throw unknownName(what, name, [...new Set(names)]);
  return kinds
    .map((kind) => ({ ...kind, entries: kind.entries.filter((entry) => entry.name === name) }))
    .filter(({ entries }) => entries.length > 0);
}

/** Prints rows as JSON or CSV. */
async function printRows(
  format: 'json' | 'csv',
  columns: readonly string[],
  json: readonly unknown[],
  rows: readonly Row[],
): Promise<void> {
  await print(
    format === 'json' ? JSON.stringify(json, null, 2) : csvHeader(columns) + csvRows(columns, rows),
  );
}

/** Prints entries, or one of them by its name. @param what one of them is called, for messages */
async function printEntries<T extends Described>(
  all: readonly Kind<T>[],
  { name, format }: ListArgs,
  what: string,
  text: (entry: T) => string = describe,
): Promise<void> {
  const kinds = named(all, name, what);
  if (format !== 'table') {
    const json = kinds.flatMap(({ kind, entries }) => entries.map((entry) => entryJson(kind, entry)));
    const rows = kinds.flatMap(({ kind, entries }) => entries.map((entry) => entryRow(kind, entry)));
    await printRows(format, ENTRY_COLUMNS, json, rows);
    return;
  }
  const { columns } = outputLook();
  const texts = kinds.map(
    ({ title, entries }) => `${wrapped(title, columns)}\n${entries.map((entry) => text(entry)).join('\n')}`,
  );
  await print(texts.join('\n\n'));
}

interface PolicyArgs extends PolicyModuleArgs, ListArgs {
  readonly check?: string;
}

async function listPolicies(args: PolicyArgs): Promise<void> {
  if (args.check !== undefined) {
    if (args.name !== undefined)
      throw new InputError(`--check checks all of a module, expected no name besides, not "${args.name}"`);
    const { checkAndPrint } = await import('./policies-check.js');
    await checkAndPrint(args.check, args.format, policyTimeout(args));
    return;
  }
  await loadPolicyModules(args);
  const kinds: readonly Kind[] = [
    {
      kind: 'discard',
      title: 'discard policies: what discard, unpin and pin do',
      entries: discardPolicies.all(),
    },
    {
      kind: 'reclaim',
      title: 'reclaim policies: which page is evicted when memory is short',
      entries: reclaimPolicies.all(),
    },
    { kind: 'merge', title: 'merge policies: which equal pages are merged', entries: mergePolicies.all() },
    {
      kind: 'purge',
      title: 'purge policies: which volatile memory is purged first, and what an access finds then',
      entries: purgePolicies.all(),
    },
    {
      kind: 'controller',
      title: 'controllers: what asks for reclaim before memory is short',
      entries: controllers.all(),
    },
  ];
  await printEntries(kinds, args, 'policy');
}

const METRIC_COLUMNS = ['name', 'group', 'unit', 'better', 'meaning'] as const;

async function listMetrics({ name, format }: ListArgs): Promise<void> {
  const names = METRICS.map((metric) => metric.name);
  if (name !== undefined && !(names as string[]).includes(name)) throw unknownName('metric', name, names);
  const shown = METRICS.filter((metric) => name === undefined || metric.name === name);
  if (format !== 'table') {
    const rows = shown.map(({ name: metric, group, unit, better, meaning }) => ({
      ...{ name: metric, group, unit, better, meaning },
    }));
    await printRows(format, METRIC_COLUMNS, rows, rows);
    return;
  }
  const widths = [25, 17, 8];
  const left = outputLook().columns - widths.reduce((sum, width) => sum + width, 0);
  const columns = [...widths, Math.max(LEAST_MEANING, left)].map((width) => ({
    align: 'left' as const,
    width,
  }));
  const rows = shown.map(({ name: metric, unit, better, meaning }) => [metric, unit, better, meaning]);
  await print(columnsText(columns, [['metric', 'unit', 'better', 'meaning'], ...rows]));
}

/** Characters of the column of meanings, at least. */
const LEAST_MEANING = 24;

async function listWorkloads(args: PolicyModuleArgs & ListArgs): Promise<void> {
  await loadPolicyModules(args);
  const title = 'workloads: generators of synthetic traces (reclaim trace generate NAME)';
  await printEntries([{ kind: 'workload', title, entries: WORKLOADS }], args, 'workload');
}

/** A reader with the files that it takes besides its own. */
function describeReader(reader: Reader): string {
  const sides = Object.entries(reader.sides).map(
    ([name, { meaning, required }]) => `--with ${name}=FILE${required ? ' (required)' : ''}: ${meaning}`,
  );
  return describe(reader, sides);
}

async function listReaders(args: PolicyModuleArgs & ListArgs): Promise<void> {
  await loadPolicyModules(args);
  const of = (kind: 'events' | 'requests', title: string): Kind<Reader> => ({
    kind,
    title,
    entries: READERS.filter(({ yields }) => yields === kind),
  });
  const kinds = [
    of('events', 'readers of events (reclaim trace import --reader NAME)'),
    of('requests', 'readers of requests (reclaim mrc and reclaim trace import --reader NAME)'),
  ];
  await printEntries(kinds, args, 'reader', describeReader);
}

/** The flags of a list. @param what one of its entries is */
function listFlags(yargs: Argv, what: string): Argv {
  return yargs.positional('name', { type: 'string', describe: `only this ${what}` }).option('format', {
    choices: ['table', 'json', 'csv'] as const,
    default: 'table' as const,
    describe: 'how they are listed',
  });
}

export const policies: Command = {
  builder: (yargs) =>
    listFlags(yargs, 'policy').options(policyModuleFlag).option('check', {
      type: 'string',
      requiresArg: true,
      describe:
        'run the conformance suite on your own module: its policies, workloads and readers; exit code 1 where a check fails',
    }),
  handler: isolated('policies', listPolicies),
};

export const metrics: Command = {
  builder: (yargs) => listFlags(yargs, 'metric'),
  handler: listMetrics,
};

export const readers: Command = {
  builder: (yargs) => listFlags(yargs, 'reader').options(policyModuleFlag),
  handler: listReaders,
};

export const workloads: Command = {
  builder: (yargs) => listFlags(yargs, 'workload').options(policyModuleFlag),
  handler: listWorkloads,
};
