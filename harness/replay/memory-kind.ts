import { Refusal } from '../contract/refusal.js';
import type { Target } from '../contract/target.js';
import { ArgCache } from '../trace/arg-cache.js';
import type { MapArg, MapFlag, ObjectArg } from '../trace/args.js';
import type { EventBlock } from '../trace/block.js';
import { OP } from '../trace/op.js';
import type { Trace } from '../trace/trace.js';

/** The kinds of memory that mappings of one space may have. */
export const MEMORY_KINDS = ['recorded', 'anon', 'shmem'] as const;
/** What memory of one space is: as recorded, all private, or all of a shared-memory file. */
export type MemoryKind = (typeof MEMORY_KINDS)[number];

/** What the trace says of an object, as far as its memory could as well be private. */
interface Candidate {
  /** The number of the object event: a name may be declared again once its object is gone. */
  readonly declaration: number;
  /** The one map event of the object, by its number; -1 while there is none. */
  map: number;
  space: number;
  /** Whether only this mapping reaches it, and it starts with zeros. */
  alone: boolean;
}

/** A first look at a trace: which of its mappings are memory of one space, so that no program could notice the difference. */
class Survey {
  /** By number of the map event: the space, for mappings of memory that has no name. */
  readonly unnamed = new Map<number, { space: number; arg: MapArg }>();
  readonly objects: Candidate[] = [];
  /** The object that a name stands for now. */
  private readonly named = new Map<string, Candidate>();
  /** Spaces whose mappings are inherited (fork) or move (remap): their memory stays as it is. */
  readonly excluded = new Set<number>();
  private maps = 0;
  private readonly args: ArgCache;

  constructor(trace: Trace) {
    this.args = new ArgCache(trace.strings);
  }

  add(block: EventBlock): void {
    const { op, length } = block;
    for (let row = 0; row < length; row++) {
      switch (op[row]) {
        case OP.fork:
        case OP.remap:
          this.excluded.add(block.space[row]!);
          break;
        case OP.object: {
          const arg = this.args.required('object', block, row);
          const object = { declaration: this.objects.length, map: -1, space: -1, alone: isPlain(arg) };
          this.objects.push(object);
          this.named.set(arg.name, object);
          break;
        }
        case OP.map:
          this.map(block, row);
          break;
        case OP.pread:
        case OP.pwrite:
          this.reached(this.args.required('pread', block, row).name);
          break;
        case OP.fallocate:
          this.reached(this.args.required('fallocate', block, row).name);
          break;
        case OP.fadvise:
          this.reached(this.args.required('fadvise', block, row).name);
          break;
        case OP.truncate:
          this.reached(this.args.required('truncate', block, row).name);
          break;
      }
    }
  }

  private map(block: EventBlock, row: number): void {
    const arg = this.args.required('map', block, row);
    const space = block.space[row]!;
    const number = this.maps++;
    if (arg.kind === 'anon' || arg.kind === 'anon-shared') {
      this.unnamed.set(number, { space, arg });
      return;
    }
    const object = this.named.get(arg.name);
    if (!object) return;
    if (object.map >= 0 || arg.kind !== 'shared') object.alone = false;
    object.map = number;
    object.space = space;
  }

  /** The object is used other than through its mapping. */
  private reached(name: string): void {
    const object = this.named.get(name);
    if (object) object.alone = false;
  }
}

/** Many cells replay one trace: each thread reads it once for this. */
const surveys = new WeakMap<Trace, Promise<Survey>>();

function surveyOf(trace: Trace): Promise<Survey> {
  const known = surveys.get(trace);
  if (known) return known;
  const survey = (async () => {
    const made = new Survey(trace);
    for await (const block of trace.blocks()) made.add(block);
    return made;
  })();
  surveys.set(trace, survey);
  return survey;
}

/** Shared memory of zeros that is not sealed: what private memory is, but for its name. */
function isPlain(arg: ObjectArg): boolean {
  const { kind, contents, sealed, fs, huge } = arg;
  return kind === 'shmem' && !contents && !sealed && fs === undefined && huge === undefined;
}

/**
 * Replays mappings of one space as memory of another kind, so that a policy that needs one kind can be compared on
 * traces of the other.
 *
 * `anon`: a shared-memory object that has one mapping in all and is not used otherwise becomes private memory, and so
 * does shared memory without a name. `shmem`: private memory becomes a mapping of a file of its own that nothing else
 * maps; a part that is unmapped stays in the file until all of it is, as with a memfd. Memory of spaces that fork or
 * remap stays as it is.
 */
export class KindChange {
  /** Numbers of the object events whose objects are not there in this replay. */
  private readonly replaced = new Set<number>();
  /** Names of those that would be there now. */
  private readonly absent = new Set<string>();
  /** Numbers of the map events that map another kind of memory. */
  private readonly changed = new Set<number>();
  private maps = 0;
  private objects = 0;

  private constructor(
    survey: Survey,
    private readonly kind: Exclude<MemoryKind, 'recorded'>,
  ) {
    const free = (space: number) => !survey.excluded.has(space);
    for (const [number, { space, arg }] of survey.unnamed) {
      const differs = kind === 'anon' ? arg.kind === 'anon-shared' : arg.kind === 'anon';
      const special = arg.flags.has('droppable') || arg.flags.has('hugetlb');
      if (differs && free(space) && !special) this.changed.add(number);
    }
    if (kind === 'shmem') return;
    for (const { alone, map: number, space, declaration } of survey.objects) {
      if (!alone || number < 0 || !free(space)) continue;
      this.replaced.add(declaration);
      this.changed.add(number);
    }
  }

  /**
   * Finds what may change, from a first look at the trace.
   *
   * @returns undefined for `recorded`
   * @throws Refusal when the trace has no memory that could be of this kind
   */
  static async of(trace: Trace, kind: MemoryKind = 'recorded'): Promise<KindChange | undefined> {
    if (kind === 'recorded') return undefined;
    const change = new KindChange(await surveyOf(trace), kind);
    if (change.changed.size === 0)
      throw new Refusal(
        `backing ${kind}: this trace has no mapping of one space alone that could be ${kind === 'anon' ? 'private memory' : 'a shared-memory file'} instead`,
      );
    return change;
  }

  /** Carries out the next object event of the trace. */
  declare(target: Target, size: number, arg: ObjectArg): void {
    if (this.replaced.has(this.objects++)) {
      this.absent.add(arg.name);
      return;
    }
    this.absent.delete(arg.name);
    target.object(size, arg);
  }

  /** Carries out a close event. */
  close(target: Target, name: string): void {
    if (!this.absent.has(name)) target.close(name);
  }

  /** Carries out the next map event of the trace. */
  map(target: Target, space: number, page: number, count: number, arg: MapArg): void {
    const number = this.maps++;
    if (!this.changed.has(number)) {
      target.map(space, page, count, arg);
      return;
    }
    const flags = new Set<MapFlag>([...arg.flags].filter((flag) => flag !== 'rofd'));
    if (this.kind === 'anon') {
      target.map(space, page, count, { kind: 'anon', name: '', offset: 0, flags });
      return;
    }
    // A colon cannot be in a name of the trace.
    const name = `backing:${number}`;
    target.object(count, {
      kind: 'shmem',
      name,
      contents: undefined,
      sealed: false,
      nofd: false,
      fs: undefined,
      huge: undefined,
    });
    target.map(space, page, count, { kind: 'shared', name, offset: 0, flags });
    target.close(name);
  }
}
