/** What a verdict says of policies that are of no use, and of memory that ran out, as clauses. */
import { parameterless } from './choice.js';
import type { GivenKind } from './facts.js';
import { listed } from './format.js';
import type { VerdictPart } from './verdict.js';

/** The kind of memory that a call works on; calls that are not here work on both, or are of a policy from outside. */
const NEEDS: Readonly<Record<string, 'private' | 'shared'>> = {
  free: 'private',
  remove: 'shared',
  punch: 'shared',
  truncate: 'shared',
};

/** What policies need or do, with the verb that fits how many they are. */
function clause(names: readonly string[], one: string, several: string): string[] {
  return names.length === 0 ? [] : [`${listed(names)} ${names.length === 1 ? one : several}`];
}

/** What is refused or frees nothing in some part of a kind of memory, and saves in none. */
function ofKind(parts: readonly VerdictPart[], kind: GivenKind): string[] {
  const own = parts.filter((part) => part.kind === kind);
  const good = new Set(own.flatMap(({ use, lazy }) => [...use.flatMap(({ names }) => names), ...lazy]));
  const bad = (of: (part: VerdictPart) => readonly string[]) =>
    parameterless([...new Set(own.flatMap(of))].filter((name) => !good.has(name)));
  const known = kind === 'shared' || kind === 'private';
  const other = kind === 'shared' ? 'private' : 'shared';
  const memory = known ? `${kind} memory` : 'memory';
  const sparing = bad((part) => part.sparing);
  const refused = bad((part) => part.refused).filter((name) => !sparing.includes(name));
  const misplaced = known ? refused.filter((name) => NEEDS[name.replace(/[:-].*/, '')] === other) : [];
  return [
    ...clause(
      bad((part) => part.useless),
      `frees no ${memory}`,
      `free no ${memory}`,
    ),
    ...clause(misplaced, `needs ${other}`, `need ${other}`),
    ...clause(
      refused.filter((name) => !misplaced.includes(name)),
      `is refused on ${memory}`,
      `are refused on ${memory}`,
    ),
    ...clause(sparing, 'would destroy files (destroy=1)', 'would destroy files (destroy=1)'),
  ];
}

/** What not to use, by kind of memory. */
export function notToUse(parts: readonly VerdictPart[]): string[] {
  return [...new Set(parts.map(({ kind }) => kind))].flatMap((kind) => ofKind(parts, kind));
}

/** Where policies ran out of memory, and which did not: settings in which the same did share a clause. */
export function outOfMemoryText(parts: readonly VerdictPart[]): string[] {
  const settings = new Map<string, string[]>();
  for (const { names, survivors, limit, labels } of parts.flatMap(({ outOfMemory }) => outOfMemory)) {
    const dead = clause(parameterless(names), 'runs out of memory', 'run out of memory');
    const alive = clause(parameterless(survivors), 'does not', 'do not');
    const text = [...dead, ...(alive.length > 0 ? alive : ['nothing survives'])].join(', ');
    settings.set(text, [...(settings.get(text) ?? []), [limit, ...labels].join(', ')]);
  }
  return [...settings].map(([text, where]) => {
    const places = [...new Set(where)];
    return `${places.length > 2 ? `in ${places.length} settings` : places.join(' and ')}: ${text}`;
  });
}
