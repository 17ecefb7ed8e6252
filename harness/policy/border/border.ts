import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError, type Place } from '../../base/errors.js';

/** Where a policy from outside came from, and how long a cell with it may take. */
export interface ModuleOrigin {
  /** The file, as it was given. */
  readonly file: string;
  /** Seconds that one cell may take (`--policy-timeout`). */
  readonly timeoutS: number;
}

/** A policy from outside broke its contract. Its message names the module, the policy, the method and the offence. */
export class PolicyOffence extends InputError {
  override readonly name = 'PolicyOffence';

  /** The same offence, with the place of the event during which it came up. */
  during({ file, line }: Place): PolicyOffence {
    return new PolicyOffence(`${this.what}; at ${file}${line === undefined ? '' : `:${line}`}`, this.place);
  }
}

/** A policy of this package broke its contract: a defect. */
class BrokenContract extends Error {
  override readonly name = 'BrokenContract';
}

/** No error is on its way through the policy. */
const NONE = Symbol('none');

/** The policy that is at work now, and the method that was called; undefined while none is. */
let inside: { readonly border: Border; readonly method: string } | undefined;

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** A short text for a value that should have been another. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (isThenable(value)) return 'a promise';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/** The line between a policy and its caller: every call of a method goes through it, and what breaks the contract is blamed. */
export class Border {
  /** An error of the caller's own, which the policy's calls of the caller threw: it is not the policy's. */
  private passing: unknown = NONE;

  /**
   * @param policy what it is, for messages: `reclaim policy mine`
   * @param module undefined for a policy of this package, which is checked only with `--check`
   */
  constructor(
    readonly policy: string,
    readonly module: ModuleOrigin | undefined,
  ) {}

  /** The error for an offence: bad input for a module of the user's, a defect for a policy of this package. */
  offence(what: string): Error {
    const text = `${this.policy}: ${what}`;
    return this.module ? new PolicyOffence(text, { file: this.module.file }) : new BrokenContract(text);
  }

  /** The policy's part of a call of one of its methods. @throws the offence if it throws, or returns a promise */
  call<T>(method: string, work: () => T): T {
    const outer = inside;
    inside = { border: this, method };
    let result: T;
    try {
      result = work();
    } catch (error) {
      throw this.isOurs(error) ? error : this.offence(`${method} threw ${thrown(error)}`);
    } finally {
      inside = outer;
      this.rethrowPassing();
    }
    if (isThenable(result)) {
      result.then(undefined, () => {});
      throw this.offence(`${method} returned a promise, and policies are not asynchronous`);
    }
    return result;
  }

  /** The caller's part of a call that the policy makes: its errors are not the policy's, even if the policy catches them. */
  back<T>(work: () => T): T {
    const policy = inside;
    inside = undefined;
    try {
      return work();
    } catch (error) {
      this.passing = error;
      throw error;
    } finally {
      inside = policy;
    }
  }

  private isOurs(error: unknown): boolean {
    return error === this.passing || error instanceof PolicyOffence || error instanceof BrokenContract;
  }

  private rethrowPassing(): void {
    const error = this.passing;
    this.passing = NONE;
    if (error !== NONE) throw error;
  }
}

function thrown(error: unknown): string {
  if (!(error instanceof Error)) return shownValue(error);
  return `${error.name}: ${error.message.slice(0, 200)}`;
}

/** Which policy is at work, and in which method; undefined while none is. */
export function atWork(): { readonly border: Border; readonly method: string } | undefined {
  return inside;
}

/** No policy is at work any more: one was stopped in the middle. */
export function stopped(): void {
  inside = undefined;
}

/** Modules that have been loaded: the file as it was given, by its URL. */
const modules = new Map<string, string>();
/** What URLs of this package's own code begin with. */
const OWN_CODE = new URL('../../', import.meta.url).href;

/** The file of the module that is calling, from a timer or a promise of its own; undefined where this package is. */
function moduleCalling(): string | undefined {
  const [, , , ...callers] = (new Error().stack ?? '').split('\n');
  const calling = [...modules].find(([url]) => callers.some((line) => line.includes(url)));
  if (calling) return calling[1];
  const isOwn = callers.some((line) => line.includes(OWN_CODE));
  return isOwn ? undefined : [...modules.values()].join(', ');
}

/**
 * From now on a policy is blamed that would end the process, also from a timer of its module, or draws numbers that are not
 * those of the cell's seed.
 *
 * @param file of the module, as it was given
 */
export function guardProcess(file: string): void {
  const isFirst = modules.size === 0;
  modules.set(pathToFileURL(resolve(file)).href, file);
  if (!isFirst) return;
  for (const name of ['exit', 'abort', 'kill'] as const) {
    const original = process[name] as (...args: unknown[]) => unknown;
    const guardedCall = (...args: unknown[]): unknown => {
      if (inside) throw inside.border.offence(`${inside.method} calls process.${name}`);
      const calling = moduleCalling();
      if (calling !== undefined)
        throw new PolicyOffence(`it calls process.${name} outside of the methods of its policies`, {
          file: calling,
        });
      return original.apply(process, args);
    };
    Object.defineProperty(process, name, { value: guardedCall, configurable: true, writable: true });
  }
  const { random } = Math;
  Math.random = () => {
    if (inside) throw inside.border.offence(`${inside.method} calls Math.random, expected context.random`);
    return random();
  };
}
