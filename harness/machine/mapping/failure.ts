import { InputError } from '../../base/errors.js';
import type { Errno } from '../../policy/discard/contract.js';

/** A system call that the kernel answers with an error. The program that made it goes on, and so does the replay. */
export class CallFailure extends InputError {
  constructor(
    readonly errno: Exclude<Errno, 0>,
    what: string,
  ) {
    super(what);
    this.name = 'CallFailure';
  }
}

/** An access that is outside every mapping, or against its protection. */
export class AccessViolation extends InputError {
  constructor(
    /** The first page of it that cannot be accessed. */
    readonly page: number,
    what: string,
  ) {
    super(what);
    this.name = 'AccessViolation';
  }
}
