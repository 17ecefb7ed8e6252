import { InputError } from '../../base/errors.js';
import type { Parameter, Parameters } from '../../base/parameters.js';
import { counted } from '../../base/text.js';
import { fail } from './result.js';

/** Pages of the largest size that is tried where a parameter has no maximum. */
const LARGE_PAGES = 2 ** 18;
/** The largest number that is tried: a policy may keep that many of something. */
const LARGE = 2 ** 20;

/** Values at the limits of a parameter, as text. */
function limitsOf(parameter: Parameter): string[] {
  switch (parameter.kind) {
    case 'choice':
      return [...parameter.choices];
    case 'list':
      return [parameter.example];
    case 'duration':
      return ['0', '1us', '1s', '1h'];
    case 'size':
      return [`${parameter.min ?? 1}p`, `${Math.min(parameter.max ?? LARGE_PAGES, LARGE_PAGES)}p`];
    default:
      return [String(parameter.min), String(Math.min(parameter.max, LARGE))];
  }
}

/** A value that a parameter must refuse; undefined where it takes any. */
function beyond(parameter: Parameter): string | undefined {
  switch (parameter.kind) {
    case 'choice':
      return 'no-such-choice';
    case 'list':
      return undefined;
    case 'duration':
      return '-1s';
    case 'size':
      return parameter.max === undefined ? '-1' : `${parameter.max + 1}p`;
    default:
      return String(parameter.max + 1);
  }
}

/** The texts `name:key=value` of an entry with each parameter at each of its limits, the others at their defaults. */
function atLimits(name: string, parameters: Parameters): string[] {
  return Object.entries(parameters).flatMap(([key, parameter]) =>
    limitsOf(parameter).map((value) => `${name}:${key}=${value}`),
  );
}

/** Whether values are refused that make no sense without others: what is wrong on the way has a place. */
function isRefusal(error: unknown): boolean {
  return error instanceof InputError && error.place === undefined;
}

/** @throws CheckFailure where a text is accepted */
function mustRefuse(choose: (text: string) => unknown, text: string): void {
  try {
    choose(text);
  } catch (error) {
    if (error instanceof InputError) return;
    throw error;
  }
  fail(`${text} is accepted, expected it to be refused`);
}

/**
 * Checks that an entry works with each parameter at its limits, and that all else is refused.
 *
 * @param choose the entry of a text
 * @param use runs it with its values
 */
export async function checkParameters<C>(
  name: string,
  parameters: Parameters,
  choose: (text: string) => C,
  use: (chosen: C) => unknown,
): Promise<string> {
  const texts = atLimits(name, parameters);
  for (const text of [name, ...texts])
    try {
      await use(choose(text));
    } catch (error) {
      if (!isRefusal(error)) fail(`${text}: ${(error as Error).message}`);
    }
  for (const [key, parameter] of Object.entries(parameters)) {
    const value = beyond(parameter);
    if (value !== undefined) mustRefuse(choose, `${name}:${key}=${value}`);
  }
  mustRefuse(choose, `${name}:no_such_parameter=1`);
  return `${counted(Object.keys(parameters).length, 'parameter')}, each at its limits; others are refused`;
}
