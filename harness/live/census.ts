/** A space, as the kernel counts it. */
export interface SpaceCensus {
  readonly rss: number;
  readonly swap: number;
  readonly vmas: number;
  readonly lazyfree: number;
  /** Mapped as huge pages (AnonHugePages). */
  readonly huge: number;
  /** Faults of its touches. */
  readonly minor: number;
  readonly major: number;
  readonly touches: number;
}

/** What is in memory on a live kernel at one moment, in pages. */
export interface Census {
  /** By slot. */
  readonly spaces: ReadonlyMap<number, SpaceCensus>;
  /** Pages of objects that are mapped or open, by what distinguishes them: inode number, with a bit for files. `ON_DISK` of executor/protocol.h. */
  readonly objects: ReadonlyMap<number, number>;
  /** Page frames of anonymous memory, each once. */
  readonly anon: number;
}

/** Reads the text of a census: a line a space, an object, and one of anonymous memory. */
export function parseCensus(text: string): Census {
  const spaces = new Map<number, SpaceCensus>();
  const objects = new Map<number, number>();
  let anon = 0;
  for (const line of text.split('\n')) {
    const [kind, ...fields] = line.split(' ');
    const [id = 0, ...values] = fields.map(Number);
    if (kind === 'anon') anon = id;
    else if (kind === 'object') objects.set(id, values[0]!);
    else if (kind === 'space') {
      const [rss = 0, swap = 0, vmas = 0, lazyfree = 0, minor = 0, major = 0, touches = 0, huge = 0] = values;
      spaces.set(id, { rss, swap, vmas, lazyfree, huge, minor, major, touches });
    }
  }
  return { spaces, objects, anon };
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** A field of all spaces together. */
export function sumOfSpaces({ spaces }: Census, field: keyof SpaceCensus): number {
  return sumOf([...spaces.values()].map((space) => space[field]));
}

/** Page frames charged, each once. Pages of objects that are in swap are among them. */
export function residentPages({ anon, objects }: Census): number {
  return anon + sumOf(objects.values());
}
