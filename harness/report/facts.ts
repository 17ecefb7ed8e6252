import type { Origin, Provenance } from '../base/provenance.js';
import type { Touches } from '../base/touches.js';
import type { Manifest } from '../metrics/manifest.js';
import { listed } from './format.js';

/** The memory that a trace gives back: pages of its drops and unpins, by whether other mappings can share them. */
export interface GivenBack {
  readonly privatePages: number;
  readonly sharedPages: number;
}

/** What a report needs to know about a trace besides the rows. */
export interface TraceFacts {
  readonly label: string;
  /** The family it belongs to in its experiment, if any. */
  readonly family?: string | undefined;
  readonly pageBytes: number;
  /** Peak under `keep` without a limit, in pages. */
  readonly peakPages: number;
  /** What is known of its reads and writes: unless all were recorded, rates of faults say nothing. */
  readonly touches: Touches;
  /** One in this number of its pages was replayed, and results are scaled; undefined: all were. */
  readonly sample?: number | undefined;
  /** Where its events come from. Undefined in results of versions that did not ask, as are the next two. */
  readonly origin?: Origin | undefined;
  /** From its first event to its last, in µs. */
  readonly durationUs?: number | undefined;
  readonly givesBack?: GivenBack | undefined;
}

/** What a manifest says of a trace, as reports need it. */
export function traceFacts(trace: Manifest['traces'][number]): TraceFacts {
  const { provenance, provenance_of: parts, duration_us, gives_back } = trace;
  return {
    label: trace.trace,
    family: trace.family,
    pageBytes: trace.page_bytes,
    peakPages: trace.peak_pages,
    touches: trace.touches,
    sample: trace.sample,
    origin: parts && { whole: provenance, parts },
    durationUs: duration_us,
    givesBack: gives_back && {
      privatePages: gives_back.private_pages,
      sharedPages: gives_back.shared_pages,
    },
  };
}

/** The kind of memory of which a trace gives most back, on some kind of memory. */
export type GivenKind = 'shared' | 'private' | 'any' | 'no';

/**
 * The kind of memory that a trace gives back: `no` where it gives nothing back, and policies have nothing to do; `any` where
 * it is not known.
 *
 * @param backing `recorded`, or the kind that it was replayed with
 */
export function givenKind({ givesBack }: TraceFacts, backing: string): GivenKind {
  if (!givesBack) return 'any';
  const { privatePages, sharedPages } = givesBack;
  if (privatePages + sharedPages === 0) return 'no';
  if (backing === 'anon') return 'private';
  if (backing === 'shmem') return 'shared';
  return privatePages > sharedPages ? 'private' : 'shared';
}

/** Where a trace comes from, in one word; `first accesses` where only these were seen. */
export function originWord(facts: TraceFacts): string {
  const { sample = 1 } = facts;
  return sample === 1 ? accessesWord(facts) : `${accessesWord(facts)}, sample of 1/${sample}`;
}

/** What a trace is evidence of, in a word or two: the least of what is known of it. */
export function evidenceWord(facts: TraceFacts): string {
  return accessesWord(facts).replace('recorded, accesses inferred', 'inferred');
}

function accessesWord({ origin, touches }: TraceFacts): string {
  if (touches === 'first-access' && origin?.whole === 'recorded') return 'first accesses';
  if (touches === 'inferred' && origin?.whole === 'recorded') return 'recorded, accesses inferred';
  return origin?.whole ?? 'of unstated origin';
}

/** What of a trace is of another origin than the whole: `placement and file-io inferred`. Empty where nothing is. */
function originParts({ origin }: TraceFacts): string {
  if (!origin) return '';
  const streams = new Map<Provenance, string[]>();
  for (const [stream, from] of Object.entries(origin.parts))
    if (from !== origin.whole) streams.set(from, [...(streams.get(from) ?? []), stream]);
  return [...streams].map(([from, names]) => `${listed(names)} ${from}`).join(', ');
}

/** Where a trace comes from, and what of it is of another origin: `composed (accesses recorded, placement inferred)`. */
export function originText(facts: TraceFacts): string {
  const parts = [originParts(facts), ...(facts.touches === 'first-access' ? ['first accesses only'] : [])]
    .filter((text) => text !== '')
    .join(', ');
  const { sample = 1 } = facts;
  const all = facts.origin?.whole ?? 'of unstated origin';
  const whole = sample === 1 ? all : `${all}, sample of 1/${sample}`;
  return parts === '' ? whole : `${whole} (${parts})`;
}

/** How long a trace is, with a comma behind it; empty where it is not known. */
export function durationText({ durationUs }: TraceFacts): string {
  if (durationUs === undefined) return '';
  const seconds = durationUs / 1e6;
  return `${seconds >= 100 ? seconds.toFixed(0) : String(Number(seconds.toPrecision(2)))} s, `;
}
