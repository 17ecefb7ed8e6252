import { z } from 'zod';
import { READAHEAD_KINDS } from '../contract/readahead.js';
import { SWAP_KINDS } from '../contract/swap.js';
import { OOM_RULES, THP_MODES } from '../contract/target.js';
import { AXES, type AxisName } from '../metrics/axes.js';
import { controllers } from '../policy/controller/registry.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { experimentFields } from './file.js';

/** The schema of experiment files in the package. A test compares it with `experimentJsonSchema`, and writes it with `-u`. */
export const SCHEMA_FILE = ['harness', 'experiment', 'experiment.schema.json'] as const;

const MEANINGS: Readonly<Record<string, string>> = {
  name: 'names the folder of results: lower case letters, digits and hyphens',
  description: 'what is asked',
  traces: 'names of shipped traces, paths relative to this file, or what to generate',
  families: 'the same by kind of program: traces of a family share a table',
  family_discard: 'by family: discard policies for its traces alone, besides those of discard',
  family_thp: 'by family: settings of huge pages for its traces alone, besides those of thp',
  draws: 'draws of device latency: times are their means, with intervals',
  replicates: 'how often each generated trace is generated, with other seeds',
  costs: 'a cost table (JSON), relative to this file',
  claims: 'what to compute from the results and compare with what was claimed',
};

function namesOf(registry: { all(): readonly { readonly name: string }[] }): string[] {
  return registry.all().map(({ name }) => name);
}

/** Values that editors offer on an axis; others are possible (parameters, sizes). */
function offered(): Readonly<Partial<Record<AxisName, readonly string[]>>> {
  return {
    backing: ['recorded', 'anon', 'shmem'],
    limit: ['none', '50%'],
    memory: ['none'],
    swap: SWAP_KINDS,
    oom: OOM_RULES,
    discard: namesOf(discardPolicies),
    reclaim: namesOf(reclaimPolicies),
    merge: namesOf(mergePolicies),
    purge: namesOf(purgePolicies),
    controller: namesOf(controllers),
    thp: THP_MODES,
    readahead: [AXES.readahead.default, ...READAHEAD_KINDS],
  };
}

interface Property {
  description?: string;
  anyOf?: unknown[];
}

/** The same property with values that editors offer, alone or in a list. */
function withOffers(property: Property, values: readonly string[]): Property {
  const { anyOf, ...rest } = property;
  return {
    ...rest,
    anyOf: [{ enum: values }, { type: 'array', items: { anyOf: [{ enum: values }, {}] } }, ...(anyOf ?? [])],
  };
}

/** JSON Schema of experiment files, made from what reads them, with the meaning of each key. */
export function experimentJsonSchema(): object {
  const schema = z.toJSONSchema(experimentFields, { io: 'input' }) as {
    properties: Record<string, Property>;
  };
  const { properties } = schema;
  for (const [key, meaning] of Object.entries(MEANINGS)) properties[key]!.description = meaning;
  for (const [name, values] of Object.entries(offered()) as [AxisName, readonly string[]][]) {
    const { key } = AXES[name];
    properties[key] = withOffers(properties[key]!, values);
  }
  for (const { key, meaning } of Object.values(AXES)) properties[key]!.description = meaning;
  return { title: 'Experiment of reclaim-bench', ...schema };
}
