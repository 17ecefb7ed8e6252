import { InputError } from '../base/errors.js';
import { addPair, noPairs } from '../base/parse.js';

/** A policy as written: `name` or `name:key=value,key=value`. */
export interface PolicySpec {
  readonly name: string;
  readonly given: Readonly<Record<string, string>>;
}

/**
 * Reads a list of policies separated by commas. A piece with `=` and no `:` continues the policy before it, so
 * `punch:lookup=0,eager=1,keep` is two policies.
 *
 * @throws InputError when a piece is empty or a parameter is not key=value
 */
export function parsePolicyList(text: string): PolicySpec[] {
  const specs: { name: string; given: Record<string, string> }[] = [];
  for (const piece of text.split(',')) {
    const colon = piece.indexOf(':');
    const last = specs.at(-1);
    if (colon < 0 && piece.includes('=') && last) {
      addPair(last.given, piece, `"${text}"`);
      continue;
    }
    const name = colon < 0 ? piece : piece.slice(0, colon);
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
      throw new InputError(
        `"${piece}" in "${text}" is not a policy, expected name or name:key=value,key=value`,
      );
    }
    const given = noPairs();
    if (colon >= 0) addPair(given, piece.slice(colon + 1), `"${text}"`);
    specs.push({ name, given });
  }
  return specs;
}

/** The text of a policy as it was given. */
export function formatSpec({ name, given }: PolicySpec): string {
  const pairs = Object.entries(given).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? name : `${name}:${pairs.join(',')}`;
}

/** Reads exactly one policy. */
export function parsePolicy(text: string): PolicySpec {
  const [spec, ...more] = parsePolicyList(text);
  if (!spec || more.length > 0)
    throw new InputError(`"${text}" names ${more.length + 1} policies, expected one`);
  return spec;
}
