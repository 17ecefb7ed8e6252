import Table from 'cli-table3';
import type { Argv } from 'yargs';
import { WORKLOADS } from '../../workloads/registry.js';
import type { Parameter, Parameters } from '../base/parameters.js';
import { METRICS } from '../metrics/schema.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { Reader } from '../trace/readers/reader.js';
import { READERS } from '../trace/readers/registry.js';
import { type Command, loadPolicyModules, type PolicyModuleArgs, policyModuleFlag } from './flags.js';
import { print } from './terminal.js';

interface Described {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  readonly parameters: Parameters;
}

/** A parameter with its default, or an example where there is no default, and what else it may be. */
function describeParameter(key: string, parameter: Parameter): string {
  if (parameter.kind === 'list') {
    const required = parameter.required ? ' (required)' : ' (default: none)';
    return `${key}=${parameter.example}${required}: ${parameter.meaning}`;
  }
  const choices = parameter.kind === 'choice' ? ` (${parameter.choices.join(', ')})` : '';
  return `${key}=${parameter.default}${choices}: ${parameter.meaning}`;
}

function describe({ name, summary, source, parameters }: Described): string {
  const lines = [`  ${name}`, `      ${summary}`, `      source: ${source}`];
  for (const [key, parameter] of Object.entries(parameters))
    lines.push(`      ${describeParameter(key, parameter)}`);
  return lines.join('\n');
}

async function listPolicies(args: PolicyModuleArgs): Promise<void> {
  await loadPolicyModules(args);
  const kinds: readonly (readonly [string, readonly Described[]])[] = [
    ['discard policies: what discard, unpin and pin do', discardPolicies.all()],
    ['reclaim policies: which page is evicted when memory is short', reclaimPolicies.all()],
    ['merge policies: which equal pages are merged', mergePolicies.all()],
    [
      'purge policies: which volatile memory is purged first, and what an access finds then',
      purgePolicies.all(),
    ],
  ];
  await print(
    kinds.map(([title, policies]) => `${title}\n${policies.map(describe).join('\n')}`).join('\n\n'),
  );
}

async function listMetrics(): Promise<void> {
  const table = new Table({
    head: ['metric', 'unit', 'better', 'meaning'],
    ...PLAIN_TABLE,
    wordWrap: true,
    colWidths: [28, 18, 9, 76],
  });
  for (const metric of METRICS) table.push([metric.name, metric.unit, metric.better, metric.meaning]);
  await print(table.toString());
}

async function listWorkloads(): Promise<void> {
  await print(
    `workloads: generators of synthetic traces (reclaim trace generate NAME)\n${WORKLOADS.map(describe).join('\n')}`,
  );
}

/** A reader with the files that it takes besides its own. */
function describeReader(reader: Reader): string {
  const sides = Object.entries(reader.sides).map(
    ([name, { meaning, required }]) =>
      `      --with ${name}=FILE${required ? ' (required)' : ''}: ${meaning}`,
  );
  return [describe(reader), ...sides].join('\n');
}

async function listReaders(): Promise<void> {
  const kinds = [
    ['readers of events (reclaim trace import --reader NAME)', 'events'],
    ['readers of requests (reclaim mrc and reclaim trace import --reader NAME)', 'requests'],
  ] as const;
  const texts = kinds.map(([title, kind]) => {
    const readers = READERS.filter(({ yields }) => yields === kind);
    return `${title}\n${readers.map(describeReader).join('\n')}`;
  });
  await print(texts.join('\n\n'));
}

const noFlags = (yargs: Argv) => yargs;

export const policies: Command = {
  builder: (yargs) => yargs.options(policyModuleFlag),
  handler: listPolicies,
};

export const metrics: Command = {
  builder: noFlags,
  handler: listMetrics,
};

export const readers: Command = {
  builder: noFlags,
  handler: listReaders,
};

export const workloads: Command = {
  builder: noFlags,
  handler: listWorkloads,
};
