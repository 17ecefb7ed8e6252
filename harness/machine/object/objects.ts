import { InputError } from '../../input/errors.js';
import { AnonObject } from './anon.js';
import { type ObjectOptions, SharedObject } from './shared.js';

/** All objects, by the number that frames refer to them by, and shared ones by name. */
export class Objects {
  private readonly byNumber: (AnonObject | SharedObject | undefined)[] = [];
  private readonly unused: number[] = [];
  private readonly byName = new Map<string, SharedObject>();

  /** Whether an image with struct pages was ever declared. */
  anyStructPages = false;

  get(number: number): AnonObject | SharedObject {
    return this.byNumber[number] as AnonObject | SharedObject;
  }

  /** Objects that exist. */
  *all(): Generator<AnonObject | SharedObject> {
    for (const object of this.byNumber) if (object) yield object;
  }

  createAnon(base: number): AnonObject {
    const object = new AnonObject(this.number(), base);
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
  drop(object: AnonObject | SharedObject): void {
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
