import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fileError, InputError } from '../input/errors.js';
import { SCHEMA_VERSION } from './schema.js';

const generated = z.looseObject({
  workload: z.string(),
  params: z.record(z.string(), z.string()),
});

const shape = z.looseObject({
  schema: z.literal(SCHEMA_VERSION),
  program: z.looseObject({ name: z.string(), version: z.string(), commit: z.string().optional() }),
  command: z.string(),
  host: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  experiment: z.looseObject({
    name: z.string(),
    description: z.string().default(''),
    traces: z.array(z.looseObject({ entry: z.union([z.string(), generated]) })),
  }),
  traces: z.array(
    z.looseObject({
      trace: z.string(),
      source: z.union([z.string(), generated]).optional(),
      family: z.string().optional(),
      trace_sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
      events: z.number().optional(),
      peak_pages: z.number(),
      page_bytes: z.int().positive(),
      touches_inferred: z.boolean(),
    }),
  ),
  costs: z.looseObject({ file: z.string().optional(), sha256: z.string() }).optional(),
  seeds: z.array(z.number()).default([]),
  cells: z.looseObject({ planned: z.number() }).optional(),
  not_ok: z
    .array(z.looseObject({ cell: z.number(), outcome: z.string(), reason: z.string().optional() }))
    .default([]),
});

/** What manifest.json says of a run: the program, the command, the experiment, and the traces in its order. */
export type Manifest = z.output<typeof shape>;

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`not JSON: ${(error as Error).message}`, { file });
  }
}

/**
 * Reads a manifest.
 *
 * @throws InputError when it cannot be read, is of another version of the columns, or lacks what it should have
 */
export function readManifest(file: string): Manifest {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, file);
  }
  const json = parseJson(text, file);
  const { schema } = (json ?? {}) as { schema?: unknown };
  if (schema !== SCHEMA_VERSION) {
    throw new InputError(
      `results of version ${schema ?? 'unknown'} of the columns, expected ${SCHEMA_VERSION}: run reclaim compare again`,
      { file },
    );
  }
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  throw new InputError(`${issue.path.join('.')}: ${issue.message}`, { file });
}
