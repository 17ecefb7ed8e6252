import { InputError } from '../base/errors.js';
import { Refusal } from '../contract/refusal.js';
import type { ObjectArg } from '../trace/args.js';
import { MOST_OBJECTS, MOST_SLOTS, NO_OBJECT } from './protocol.js';

/** A space that lives, or has lived. */
export interface LiveSpace {
  readonly id: number;
  readonly name: string;
  readonly slot: number;
  readonly origin: 'spawned' | 'forked';
}

/** An object of the trace. */
export interface LiveObject {
  readonly name: string;
  /** Its number at the executor. */
  readonly number: number;
  size: number;
  readonly descriptor: boolean;
  closed: boolean;
  /** Known when it was made. */
  inode: number;
}

/** Hands out the smallest number that is free. */
class Numbers {
  private next: number;
  private readonly unused: number[] = [];

  constructor(
    first: number,
    private readonly end: number,
    private readonly what: string,
  ) {
    this.next = first;
  }

  take(): number {
    const number = this.unused.pop() ?? this.next++;
    if (number < this.end) return number;
    throw new Refusal(`more than ${this.end} ${this.what} at a time: not possible live`, true);
  }

  give(number: number): void {
    this.unused.push(number);
  }
}

/** Spaces and objects of a trace, and what the executor calls them. */
export class Layout {
  /** In the order in which they began. */
  readonly spacesEver: LiveSpace[] = [];
  private readonly spaces = new Map<number, LiveSpace>();
  private readonly objects = new Map<string, LiveObject>();
  private readonly byInode = new Map<number, LiveObject>();
  private readonly slots = new Numbers(1, MOST_SLOTS, 'spaces');
  private readonly numbers = new Numbers(0, MOST_OBJECTS, 'objects');
  private recent: LiveSpace | undefined;

  /** @throws InputError when a space has that id */
  addSpace(id: number, name: string, origin: LiveSpace['origin']): LiveSpace {
    if (this.spaces.has(id)) throw new InputError(`space ${id} exists already, expected a new id`);
    const space = { id, name, slot: this.slots.take(), origin };
    this.spaces.set(id, space);
    this.spacesEver.push(space);
    return space;
  }

  /** @throws InputError when there is none */
  space(id: number): LiveSpace {
    if (this.recent?.id === id) return this.recent;
    const space = this.spaces.get(id);
    if (!space) throw new InputError(`there is no space ${id} here, expected a spawn or fork before`);
    this.recent = space;
    return space;
  }

  find(id: number): LiveSpace | undefined {
    return this.spaces.get(id);
  }

  dropSpace(space: LiveSpace): void {
    this.spaces.delete(space.id);
    this.slots.give(space.slot);
    this.recent = undefined;
  }

  /** Spaces that live. */
  living(): Iterable<LiveSpace> {
    return this.spaces.values();
  }

  /** @throws InputError when an open object has that name */
  addObject(size: number, { name, nofd }: ObjectArg): LiveObject {
    if (this.objects.get(name)?.closed === false)
      throw new InputError(`object ${name} exists already, expected a new name`);
    const object = { name, number: this.numbers.take(), size, descriptor: !nofd, closed: false, inode: 0 };
    this.objects.set(name, object);
    return object;
  }

  /** The object with this name. @throws InputError when there is none */
  object(name: string): LiveObject {
    const object = this.objects.get(name);
    if (!object)
      throw new InputError(
        `there is no object ${name} here, expected one that was declared and not closed and unmapped`,
      );
    return object;
  }

  /** The number by which the program can reach it through a descriptor. */
  descriptorOf({ descriptor, closed, number }: LiveObject): number {
    return descriptor && !closed ? number : NO_OBJECT;
  }

  close(object: LiveObject): void {
    if (object.closed) return;
    object.closed = true;
    this.numbers.give(object.number);
  }

  /** It was made, and this tells it from others: its inode number, with a bit for files. */
  made(object: LiveObject, inode: number): void {
    object.inode = inode;
    this.byInode.set(inode, object);
  }

  byInodeNumber(inode: number): LiveObject | undefined {
    return this.byInode.get(inode);
  }
}
