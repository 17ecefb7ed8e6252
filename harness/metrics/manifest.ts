import { existsSync } from 'node:fs';
import { z } from 'zod';
import { InputError } from '../base/errors.js';
import { parseJson } from '../base/json.js';
import { printableTexts } from '../base/printable.js';
import { PROVENANCES } from '../base/provenance.js';
import { readText } from '../base/text.js';
import { TOUCHES, type Touches } from '../base/touches.js';
import { SCHEMA_VERSION } from './schema.js';

/** What a trace was generated from. */
const generated = z.object({
  workload: z.string(),
  name: z.string().optional(),
  params: z.record(z.string(), z.string()),
  seed: z.number(),
});

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');

const trace = z
  .object({
    trace: z.string(),
    /** What `reclaim replay` finds it by. */
    source: z.union([z.string(), generated]),
    family: z.string().optional(),
    trace_sha256: sha256,
    events: z.number().optional(),
    peak_pages: z.number(),
    page_bytes: z.int().positive(),
    touches: z.enum(TOUCHES).optional(),
    /** One in this number of its pages was replayed, and limits and results were scaled; absent: all were. */
    sample: z.int().positive().optional(),
    /** Where it comes from, and which streams of its events are of another origin. */
    provenance: z.enum(PROVENANCES).optional(),
    provenance_of: z.record(z.string(), z.enum(PROVENANCES)).optional(),
    /** From its first event to its last. */
    duration_us: z.number().optional(),
    /** Pages of its drops and unpins, by the kind of memory that they are of. */
    gives_back: z.object({ private_pages: z.number(), shared_pages: z.number() }).optional(),
    /** Each time that it was generated, with another seed; what was recorded is there once, without a seed. */
    replicates: z
      .array(
        z.object({
          replicate: z.int().positive(),
          seed: z.number().optional(),
          trace_sha256: sha256,
          events: z.number(),
          peak_pages: z.number(),
        }),
      )
      .optional(),
    /** Stands for `touches` in results of versions that did not know first accesses. */
    touches_inferred: z.boolean().optional(),
  })
  .transform(({ touches, touches_inferred, ...rest }) => ({
    ...rest,
    touches: touches ?? ((touches_inferred === true ? 'inferred' : 'recorded') satisfies Touches),
  }));

const shape = z.object({
  schema: z.literal(SCHEMA_VERSION),
  program: z.object({ name: z.string(), version: z.string(), commit: z.string().optional() }),
  /** Baselines of the gate have neither command nor host. */
  command: z.string().optional(),
  host: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  experiment: z.object({
    name: z.string(),
    description: z.string().default(''),
    traces: z.array(z.object({ entry: z.union([z.string(), generated]) })),
  }),
  costs: z.object({
    file: z.string().optional(),
    /** What the table calls itself, and what it was measured on. */
    name: z.string().optional(),
    provenance: z.string().optional(),
    sha256,
    /** Rows of the shipped table that the file lacks. */
    from_default: z.array(z.string()).optional(),
  }),
  policy_modules: z.array(z.string()),
  traces: z.array(trace),
  /** The values on the axis `seed`. */
  seed: z.array(z.number()).default([]),
  /** Draws of device latency of each cell. */
  draws: z.int().positive(),
  /** How often generated traces were generated. */
  replicates: z.int().positive().default(1),
  /** How many were planned, and how many have each outcome. */
  cells: z.object({ planned: z.int().nonnegative() }).catchall(z.number()),
  not_ok: z
    .array(z.object({ cell: z.number(), outcome: z.string(), reason: z.string().optional() }))
    .default([]),
  files: z.object({ 'runs.csv': sha256, 'draws.csv': sha256 }),
});

/** What manifest.json says about a run: the program, the experiment, the traces in its order, prices, and what was planned. */
export type Manifest = z.output<typeof shape>;

/**
 * Reads the text of manifest.json. What is in it beyond `Manifest` does not matter.
 *
 * @throws InputError when it is not JSON, of another version of the result files, or lacks what it should have
 */
export function parseManifest(text: string, file: string): Manifest {
  const json = printableTexts(parseJson(text, file));
  const { schema } = (json ?? {}) as { schema?: unknown };
  if (schema !== SCHEMA_VERSION) {
    const found = schema === undefined ? 'none' : schema;
    throw new InputError(
      `expected schema version ${SCHEMA_VERSION}, found ${found}: another version of the program wrote these results, run the experiment again`,
      { file },
    );
  }
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new InputError(`${issue.path.join('.')}: ${issue.message}`, { file });
}

/** Reads manifest.json. @throws InputError as `parseManifest`, and when there is none */
export function readManifest(file: string): Manifest {
  if (!existsSync(file))
    throw new InputError('no such file, expected the one that reclaim compare writes next to runs.csv', {
      file,
    });
  return parseManifest(readText(file), file);
}
