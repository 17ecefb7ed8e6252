import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { formatPolicy, type Parameters, type ParameterValues, parseParameters } from '../base/parameters.js';
import type { ModuleOrigin } from './border/border.js';
import { parsePolicy } from './spec.js';

/** What every policy says of itself, whatever its kind. */
export interface PolicyInfo {
  /** Lower case letters, digits and hyphens. */
  readonly name: string;
  /** One line: what it does. */
  readonly summary: string;
  /** The paper, mail or kernel file it follows. */
  readonly source: string;
  readonly parameters: Parameters;
  /**
   * Whether the values of its parameters make sense together.
   *
   * @throws InputError where one would have no effect, or contradicts another
   */
  check?(values: ParameterValues): void;
  /** Where it is from, if it is not of this package. */
  readonly module?: ModuleOrigin;
}

/** A policy with the values of its parameters. */
export interface Chosen<T extends PolicyInfo> {
  readonly info: T;
  readonly values: ParameterValues;
  /** Its canonical text: the name, and what differs from the defaults. */
  readonly text: string;
}

/** @throws InputError when it is not a name for an entry of a registry */
export function checkName(kind: string, name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name))
    throw new InputError(
      `"${name}" is not a name for a ${kind}, expected up to 40 lower case letters, digits and "-"`,
    );
}

/** The error for a name that another entry has. */
export function nameTaken(kind: string, name: string): InputError {
  return new InputError(`there is a ${kind} named ${name} already`);
}

/** The policies of one kind. */
export class Registry<T extends PolicyInfo> {
  private readonly byName = new Map<string, T>();

  /** @param kind for messages, for example `discard policy` */
  constructor(
    readonly kind: string,
    policies: readonly T[],
  ) {
    for (const policy of policies) this.add(policy);
  }

  /** @throws InputError when the name is taken or not a name */
  add(policy: T): void {
    checkName(this.kind, policy.name);
    if (this.byName.has(policy.name)) throw nameTaken(this.kind, policy.name);
    this.byName.set(policy.name, policy);
  }

  all(): T[] {
    return [...this.byName.values()];
  }

  /**
   * The policy a text names, with its parameters.
   *
   * @throws InputError for an unknown name or parameter, listing the valid ones
   */
  choose(text: string): Chosen<T> {
    const spec = parsePolicy(text);
    const info = this.byName.get(spec.name);
    if (!info) throw unknownName(this.kind, spec.name, [...this.byName.keys()]);
    const values = parseParameters(`${this.kind} ${spec.name}`, info.parameters, spec.given);
    info.check?.(values);
    return { info, values, text: formatPolicy(info.name, info.parameters, values) };
  }
}
