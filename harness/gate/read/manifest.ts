import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError } from '../../input/errors.js';
import { SCHEMA_VERSION } from '../../metrics/schema.js';

const generated = z.object({
  workload: z.string(),
  params: z.record(z.string(), z.string()),
  seed: z.number(),
});

/** What the gate reads of manifest.json; what else is in it does not matter here. */
const manifest = z.object({
  program: z.object({ version: z.string(), commit: z.string().optional() }),
  experiment: z.object({ name: z.string(), memory: z.string().optional() }),
  costs: z.object({ file: z.string().optional(), sha256: z.string() }),
  policy_modules: z.array(z.string()),
  traces: z.array(z.object({ trace: z.string(), source: z.union([z.string(), generated]) })),
  cells: z.object({ planned: z.number() }),
  files: z.object({ 'runs.csv': z.string() }),
});

/** How results were made: manifest.json. */
export type Manifest = z.output<typeof manifest>;

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`not JSON: ${(error as Error).message}`, { file });
  }
}

/**
 * Reads manifest.json.
 *
 * @throws InputError when it is not one, or one of another version of the result files
 */
export function parseManifest(text: string, file: string): Manifest {
  const json = parseJson(text, file);
  const { schema } = z.object({ schema: z.unknown() }).catch({ schema: undefined }).parse(json);
  if (schema !== SCHEMA_VERSION) {
    const found = schema === undefined ? 'these results have none' : `these results have ${schema}`;
    throw new InputError(
      `schema version ${SCHEMA_VERSION} was expected, ${found}: another version of the program wrote them, run the experiment again`,
      { file },
    );
  }
  const parsed = manifest.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  throw new InputError(`${issue.path.join('.')}: ${issue.message}`, { file });
}

/**
 * Compares runs.csv with the hash that was taken when it was written.
 *
 * @throws InputError when it was changed since
 */
export function checkUnedited(runs: string, { files }: Manifest, file: string): void {
  const found = createHash('sha256').update(runs).digest('hex');
  const written = files['runs.csv'];
  if (found === written) return;
  throw new InputError(
    `changed since it was written: its SHA-256 is ${found.slice(0, 12)}…, expected ${written.slice(0, 12)}… as in manifest.json`,
    { file },
  );
}
