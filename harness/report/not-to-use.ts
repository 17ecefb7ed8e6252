/** What a verdict says of policies that are of no use, and of memory that ran out, as sentences. */
import { parameterless } from './choice.js';
import type { GivenKind } from './facts.js';
import { listed, several } from './format.js';
import type { VerdictPart } from './verdict.js';

/** What policies need or do, with the verb that fits how many they are. */
function clause(names: readonly string[], one: string, many: string): string[] {
  return names.length === 0 ? [] : [`${listed(several(names))} ${names.length === 1 ? one : many}`];
}

/** On which memory; nothing where it makes no difference. The word memory is said once. */
function memoryOf(kind: GivenKind, word: string): string {
  return kind === 'shared' || kind === 'private' ? ` on ${kind}${word}` : '';
}

/** Policies of no use on a kind of memory, by why. */
interface Bad {
  readonly kind: GivenKind;
  readonly useless: readonly string[];
  readonly refused: readonly string[];
  readonly sparing: readonly string[];
}

/** What is refused or frees nothing in some part of a kind of memory, and saves in none. */
function ofKind(parts: readonly VerdictPart[], kind: GivenKind): Bad {
  const own = parts.filter((part) => part.kind === kind);
  const good = new Set(own.flatMap(({ use, lazy }) => [...use.flatMap(({ names }) => names), ...lazy]));
  const bad = (of: (part: VerdictPart) => readonly string[]) =>
    parameterless([...new Set(own.flatMap(of))].filter((name) => !good.has(name)));
  const sparing = bad((part) => part.sparing);
  return {
    kind,
    useless: bad((part) => part.useless),
    refused: bad((part) => part.refused).filter((name) => !sparing.includes(name)),
    sparing,
  };
}

/** Policies with the kind of memory that they are of no use on; nothing where there are none. */
function places(all: readonly Bad[], of: (bad: Bad) => readonly string[], word: string): string[] {
  return all.flatMap((bad) =>
    of(bad).length === 0 ? [] : [`${listed(several(of(bad)))}${memoryOf(bad.kind, word)}`],
  );
}

/** What not to use by kind of memory, as sentences without a full stop: what never, and what is refused. */
export function notToUse(parts: readonly VerdictPart[]): string[] {
  const bad = [...new Set(parts.map(({ kind }) => kind))].map((kind) => ofKind(parts, kind));
  const useless = places(bad, (one) => one.useless, ' memory');
  const refused = places(bad, (one) => one.refused, useless.length > 0 ? '' : ' memory');
  const sparing = [...new Set(bad.flatMap((one) => one.sparing))];
  return [
    ...(useless.length > 0 ? [`Never: ${useless.join('; ')} (frees nothing)`] : []),
    ...(refused.length > 0 ? [`Refused: ${refused.join('; ')}`] : []),
    ...(sparing.length > 0 ? [`Would destroy files (destroy=1 allows it): ${listed(several(sparing))}`] : []),
  ];
}

/** Which policies free nothing until memory is short, as a sentence without a full stop; nothing where none does. */
export function lazyText(parts: readonly VerdictPart[]): string[] {
  const names = parameterless([...new Set(parts.flatMap(({ lazy }) => lazy))]).sort();
  return names.length === 0 ? [] : [`Free nothing until memory is short: ${listed(several(names))}`];
}

/** A text that does not begin with a name, as the beginning of a sentence. */
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Places as text: the first two, or how many there are. */
function placesText(places: readonly string[]): string {
  return places.length > 2 ? `In ${places.length} settings` : capital(places.join(' and '));
}

/**
 * Where policies ran out of memory, and which did not: settings in which the same did share a sentence. Where other traces
 * did otherwise under the same limit, it says of how many of the traces it is.
 */
export function outOfMemoryText(parts: readonly VerdictPart[]): string[] {
  const all = parts.flatMap(({ outOfMemory }) => outOfMemory);
  const traces = new Set(parts.flatMap((part) => part.traces)).size;
  const settings = new Map<string, { places: Set<string>; traces: Set<string> }>();
  for (const { trace, names, survivors, limit, labels } of all) {
    const dead = clause(parameterless(names), 'runs out of memory', 'run out of memory');
    const alive = clause(parameterless(survivors), 'does not', 'do not');
    const text = [...dead, ...(alive.length > 0 ? alive : ['nothing survives'])].join(', ');
    const own = settings.get(text) ?? { places: new Set(), traces: new Set() };
    own.places.add([limit, ...labels].join(', '));
    own.traces.add(trace);
    settings.set(text, own);
  }
  return [...settings].map(([text, own]) => {
    const some = own.traces.size < traces ? `, ${own.traces.size} of ${traces} traces` : '';
    return `${placesText([...own.places])}${some}: ${text}`;
  });
}
