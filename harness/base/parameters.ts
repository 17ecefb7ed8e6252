import { durationForm, parseDuration } from './duration.js';
import { InputError } from './errors.js';
import { unknownName } from './nearest.js';
import { PAGE_BYTES } from './page.js';
import { parseSize } from './size.js';

/** The value of a parameter. A size is in pages, a duration in µs. */
export type ParameterValue = number | string;
/** The values of all parameters of a policy or workload, by name. */
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** What every parameter says of itself, whatever its kind. */
export interface ParameterBase {
  /** What it does, its unit, and where its default comes from. */
  readonly meaning: string;
}

/**
 * A parameter of a policy, workload or reader: its kind, default and meaning. A `size` is given as a SIZE and kept in
 * pages; `max` is in pages too. A `duration` is given with its unit (`10s`) and kept in µs. A `list` is items joined by `+`, kept as its text: `itemsOf` splits it.
 */
export type Parameter =
  | (ParameterBase & {
      readonly kind: 'integer';
      readonly default: number;
      readonly min: number;
      readonly max: number;
    })
  | (ParameterBase & {
      readonly kind: 'number';
      readonly default: number;
      readonly min: number;
      readonly max: number;
    })
  | (ParameterBase & {
      readonly kind: 'size';
      readonly default: number;
      /** The least pages that it takes; 1 where none is given. */
      readonly min?: 0;
      /** What 100 % is, where a share is allowed: such a value is kept as its text, `10%`. */
      readonly whole?: string;
      readonly max?: number;
    })
  | (ParameterBase & {
      readonly kind: 'duration';
      readonly default: number;
    })
  | (ParameterBase & {
      readonly kind: 'choice';
      readonly default: string;
      readonly choices: readonly string[];
    })
  | (ParameterBase & {
      readonly kind: 'list';
      /** The empty list. */
      readonly default: '';
      /** What an item must match, whole. */
      readonly item: RegExp;
      /** A list of the right form, for messages. */
      readonly example: string;
      /** Whether there must be at least one item. */
      readonly required: boolean;
    });

/** The parameters of a policy or workload, by name. */
export type Parameters = Readonly<Record<string, Parameter>>;

/** A yes-or-no parameter: 1 or 0. */
export function flag(value: 0 | 1, meaning: string): Parameter {
  return { kind: 'integer', default: value, min: 0, max: 1, meaning };
}

/** The items of the value of a list; none in the empty one. */
export function itemsOf(value: ParameterValue | undefined): string[] {
  return value === undefined || value === '' ? [] : String(value).split('+');
}

function parseValue(name: string, parameter: Parameter, text: string): ParameterValue {
  switch (parameter.kind) {
    case 'choice':
      if (!parameter.choices.includes(text)) throw unknownName(`value of ${name}`, text, parameter.choices);
      return text;
    case 'size': {
      if (parameter.min === 0 && /^0(p|[KMGT]iB)?$/.test(text)) return 0;
      const size = parseSize(text, PAGE_BYTES);
      if (size.kind === 'percent' && parameter.whole !== undefined) return `${size.percent}%`;
      if (size.kind === 'percent')
        throw new InputError(`${name}=${text} is a percentage, expected pages or KiB, MiB, GiB`);
      if (size.pages > (parameter.max ?? Number.POSITIVE_INFINITY))
        throw new InputError(`${name}=${text} is out of range, expected at most ${parameter.max} pages`);
      return size.pages;
    }
    case 'duration':
      return parseDuration(name, text);
    case 'list': {
      const wrong = text.split('+').find((item) => !parameter.item.test(item));
      if (wrong !== undefined)
        throw new InputError(
          `"${wrong}" in ${name}=${text} is wrong, expected a list as in ${name}=${parameter.example}`,
        );
      return text;
    }
    default: {
      const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
      const whole = parameter.kind === 'integer';
      if (!(value >= parameter.min && value <= parameter.max) || (whole && !Number.isInteger(value))) {
        const what = whole ? 'a whole number' : 'a number';
        throw new InputError(
          `${name}=${text} is out of range, expected ${what} from ${parameter.min} to ${parameter.max}`,
        );
      }
      return value;
    }
  }
}

/**
 * The values of all parameters: the given ones parsed, the others at their defaults.
 *
 * @throws InputError for a key the owner does not have, a required one that is missing, or a value out of range
 */
export function parseParameters(
  owner: string,
  parameters: Parameters,
  given: Readonly<Record<string, string>>,
): ParameterValues {
  const values: Record<string, ParameterValue> = {};
  for (const [key, parameter] of Object.entries(parameters)) values[key] = parameter.default;
  for (const [key, text] of Object.entries(given)) {
    const parameter = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
    if (!parameter) throw unknownName(`parameter of ${owner}`, key, Object.keys(parameters));
    values[key] = parseValue(key, parameter, text);
  }
  for (const [key, parameter] of Object.entries(parameters))
    if (parameter.kind === 'list' && parameter.required && values[key] === '')
      throw new InputError(`${owner} needs the parameter ${key}, as in ${key}=${parameter.example}`);
  return values;
}

/** The value of a parameter as text that reads as it again. */
export function valueText(parameter: Parameter, value: ParameterValue): string {
  return parameter.kind === 'duration' ? durationForm(value as number) : String(value);
}

/** A policy as text: `name` or `name:key=value,key=value` with only what differs from the defaults, in the order of the parameters. */
export function formatPolicy(name: string, parameters: Parameters, values: ParameterValues): string {
  const given = Object.entries(parameters)
    .filter(([key, parameter]) => values[key] !== parameter.default)
    .map(([key, parameter]) => `${key}=${valueText(parameter, values[key]!)}`);
  return given.length === 0 ? name : `${name}:${given.join(',')}`;
}
