import type { Draft, DraftEvent } from '../calls/drafts.js';
import { Regions, type Use } from './regions.js';

/** What a draft maps, as an event of the format. */
export function mappedBy(
  draft: Draft,
):
  | { readonly space: number; readonly page: number; readonly count: number; readonly text: string }
  | undefined {
  if (draft.kind === 'segment-map') {
    const { mapping, process, segment, flags } = draft;
    const text = `${mapping.backing.kind}:${segment.name}${flags}`;
    return { space: process.id, page: mapping.start, count: mapping.end - mapping.start, text };
  }
  if (draft.kind !== 'event' || draft.op !== 'map') return undefined;
  const { space = 0, page = 0, count = 0, text = '' } = draft.fields;
  return { space, page, count, text };
}

/** Why an access as recorded is not in the trace, if it is not. @param what it is, in the plural */
export function leftFor(
  use: Use | undefined,
  write: boolean | undefined,
  what = 'faults',
): string | undefined {
  if (use === undefined) return `${what} outside the memory that is followed`;
  if (use === 'none' || (write === true && use === 'read'))
    return `${what} on memory that the log does not allow to be used so`;
  return undefined;
}

/** What all spaces have mapped, by the drafts so far. */
export class MappedMemory {
  private readonly regions = new Map<number, Regions>();

  /** What a space has mapped; undefined where it has nothing. */
  of(space: number): Regions | undefined {
    return this.regions.get(space);
  }

  apply(draft: Draft): void {
    const map = mappedBy(draft);
    if (map) this.at(map.space).apply('map', map);
    else if (draft.kind === 'event') this.applyEvent(draft);
  }

  private applyEvent({ op, fields }: DraftEvent): void {
    const { space } = fields;
    if (space === undefined) return;
    if (op === 'fork') this.regions.set(Number(fields.text), this.at(space).copy());
    else if (op === 'exit' || op === 'spawn') this.regions.delete(space);
    else this.at(space).apply(op, fields);
  }

  private at(space: number): Regions {
    const known = this.regions.get(space) ?? new Regions();
    this.regions.set(space, known);
    return known;
  }
}
