import { InputError } from '../base/errors.js';
import type { Parameter, Parameters, ParameterValues } from '../base/parameters.js';
import { shownValue } from '../policy/border/border.js';

const KINDS: readonly Parameter['kind'][] = ['integer', 'number', 'size', 'duration', 'choice', 'list'];
const PARAMETER_NAME = /^[a-z][a-z0-9_]*$/;

/** The values of parameters where none is given. */
export function defaultValues(parameters: Parameters): ParameterValues {
  return Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, parameter.default]));
}

/** What is wrong with a number of a parameter and its range; undefined if nothing is. */
function wrongRange({ kind, default: value, min, max }: Record<string, unknown>): string | undefined {
  const isOpen = kind === 'size' || kind === 'duration';
  const least = min ?? (isOpen ? (kind === 'size' ? 1 : 0) : undefined);
  const most = max ?? (isOpen ? Number.POSITIVE_INFINITY : undefined);
  if (typeof least !== 'number' || typeof most !== 'number') return 'has no min and max, expected numbers';
  if (typeof value !== 'number' || !(value >= least && value <= most))
    return `has the default ${shownValue(value)}, expected a number from ${least} to ${most}`;
  if (kind !== 'number' && !Number.isInteger(value))
    return `has the default ${value}, expected a whole number`;
  return undefined;
}

/** What is wrong with a parameter; undefined if nothing is. */
function wrongParameter(name: string, parameter: unknown): string | undefined {
  if (!PARAMETER_NAME.test(name)) return 'has no name, expected lower case letters, digits and "_"';
  const fields = (parameter ?? {}) as Record<string, unknown>;
  const { kind, meaning, default: value, choices, item, example } = fields;
  const known = (KINDS as readonly unknown[]).includes(kind);
  if (!known || typeof meaning !== 'string' || !/^(number|string)$/.test(typeof value))
    return `is incomplete, expected kind (${KINDS.join(', ')}), default and meaning`;
  if (kind === 'choice')
    return Array.isArray(choices) && choices.includes(value)
      ? undefined
      : 'lacks choices, expected an array that has its default';
  if (kind === 'list')
    return item instanceof RegExp && typeof example === 'string' && value === ''
      ? undefined
      : 'is incomplete, expected item (a regular expression), example and the default ""';
  return wrongRange(fields);
}

/**
 * Checks what an entry of a module says of itself.
 *
 * @param kind for messages, as in `reclaim policy`
 * @param methods that it must have
 * @throws InputError for one that is incomplete
 */
export function checkEntry(kind: string, entry: unknown, methods: readonly string[], file: string): void {
  const fields = (entry ?? {}) as Record<string, unknown>;
  const lacks = [
    ...['name', 'summary', 'source'].filter((field) => typeof fields[field] !== 'string'),
    ...(typeof fields.parameters === 'object' && fields.parameters !== null ? [] : ['parameters']),
    ...methods.filter((method) => typeof fields[method] !== 'function'),
  ];
  if (lacks.length > 0)
    throw new InputError(
      `a ${kind} is incomplete, expected name, summary, source, parameters and ${methods.join(', ')}: ${typeof fields.name === 'string' ? fields.name.slice(0, 40) : 'it'} has no ${lacks.join(', ')}`,
      { file },
    );
  for (const [name, parameter] of Object.entries(fields.parameters as object)) {
    const wrong = wrongParameter(name, parameter);
    if (wrong !== undefined)
      throw new InputError(`${kind} ${fields.name}: its parameter ${name} ${wrong}`, { file });
  }
}
