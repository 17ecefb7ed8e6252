import { InputError } from '../../base/errors.js';
import type { ShmemHuge } from '../../trace/args.js';
import { Tmpfs } from './tmpfs.js';
import { AnonVma, type ObjectOptions, SharedObject } from './vma.js';

/** Number of the object that all merged pages belong to; their index in it is that of their stable node. */
export const KSM_OBJECT = 0;

/** What merged pages belong to: who maps them is known by their stable nodes. */
class KsmObject {
  readonly kind = 'ksm';
  readonly number = KSM_OBJECT;
}

/** What a frame's page can belong to. */
export type FrameObject = AnonVma | SharedObject | KsmObject;

/** All objects, by the number that frames refer to them by, and shared ones by name. */
export class Objects {
  private readonly byNumber: (FrameObject | undefined)[] = [new KsmObject()];
  private readonly unused: number[] = [];
  private readonly byName = new Map<string, SharedObject>();
  private readonly tmpfs = new Map<string, Tmpfs>();

  /** Whether an image with struct pages was ever declared. */
  anyStructPages = false;

  get(number: number): FrameObject {
    return this.byNumber[number]!;
  }

  /** Objects that exist. */
  *all(): Generator<FrameObject> {
    for (const object of this.byNumber) if (object) yield object;
  }

  createAnon(base: number): AnonVma {
    const object = new AnonVma(this.number(), base);
    this.byNumber[object.number] = object;
    return object;
  }

  /** @throws InputError when an object of that name exists */
  createShared(name: string | undefined, size: number, options: ObjectOptions): SharedObject {
    if (name !== undefined && this.byName.has(name)) {
      throw new InputError(`object ${name} exists already, expected a new name`);
    }
    const object = new SharedObject(this.number(), name, size, options);
    this.byNumber[object.number] = object;
    if (options.structPages) this.anyStructPages = true;
    if (name !== undefined) this.byName.set(name, object);
    return object;
  }

  /** Declares a tmpfs of a size. @throws InputError when there is one of that name */
  addTmpfs(name: string, pages: number, huge: ShmemHuge = 'never'): void {
    if (this.tmpfs.has(name)) throw new InputError(`tmpfs ${name} exists already, expected a new name`);
    this.tmpfs.set(name, new Tmpfs(name, pages, huge));
  }

  /** @throws InputError when there is no tmpfs of that name */
  tmpfsNamed(name: string): Tmpfs {
    const found = this.tmpfs.get(name);
    if (!found)
      throw new InputError(
        `there is no tmpfs ${name} here, expected an event object with tmpfs:${name} before`,
      );
    return found;
  }

  /** @throws InputError when there is no object of that name */
  named(name: string): SharedObject {
    const object = this.byName.get(name);
    if (!object)
      throw new InputError(
        `there is no object ${name} here, expected one that was declared and not closed and unmapped`,
      );
    return object;
  }

  /** Forgets an object whose pages are gone. */
  drop(object: AnonVma | SharedObject): void {
    this.byNumber[object.number] = undefined;
    this.unused.push(object.number);
    if (object.kind === 'shared' && object.name !== undefined && this.byName.get(object.name) === object) {
      this.byName.delete(object.name);
    }
  }

  private number(): number {
    return this.unused.pop() ?? this.byNumber.length;
  }
}
