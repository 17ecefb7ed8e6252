import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../../base/package-root.js';
import { FIT, type Reader } from '../../trace/readers/reader.js';
import { sampleOf } from '../readers.js';

const FOLDERS = ['cases', 'fuzz-readers/logs'].map((name) => packageFile(`harness/testing/${name}`));

/** A file that is mutated, and what it is read with. */
export interface Seed {
  readonly bytes: Uint8Array;
  readonly given: Readonly<Record<string, string>>;
  readonly sides: Readonly<Record<string, string>>;
}

let logs: readonly Uint8Array[] | undefined;
const found = new Map<string, readonly Seed[]>();

/** The sample of a reader, and the logs of the repository that may be of its format. */
export function seedsOf(reader: Reader): readonly Seed[] {
  const known = found.get(reader.name) ?? findSeeds(reader);
  found.set(reader.name, known);
  return known;
}

function findSeeds(reader: Reader): readonly Seed[] {
  logs ??= FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .sort()
      .map((name) => readFileSync(join(folder, name))),
  );
  const sample = sampleOf(reader);
  if (!sample) return [];
  const own = { given: {}, sides: {}, ...('events' in sample ? sample : {}) };
  const others = logs.filter((bytes) => reader.detect(bytes).fit !== FIT.none);
  return [sample.bytes, ...others].map((bytes) => ({
    bytes,
    given: own.given ?? {},
    sides: own.sides ?? {},
  }));
}
