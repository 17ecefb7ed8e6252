import { InputError } from '../../../base/errors.js';
import type { Draft, SegmentMap } from '../calls/drafts.js';
import type { Process } from '../calls/processes.js';
import type { Segment } from '../calls/segments.js';

/** First page of the first image in every space: 64 GiB, away from page 0. */
const BASE = 2 ** 24;

/**
 * What a tab decodes into one segment: a large image, or several small ones. It stays the same image when Chromium
 * drops its segment and decodes it again into another.
 */
export interface Image {
  /** The tab and a number, from 1. */
  readonly name: string;
  readonly decoder: Process;
  /** The segment it was first decoded into. */
  readonly segment: Segment;
  /**
   * Where all spaces map it. Not an address of the log: there a dropped segment's address is used again, here the
   * mapping stays.
   */
  readonly page: number;
  /** With the first page, which holds the segment's state and is never dropped. */
  readonly pages: number;
}

/**
 * The mappings through which images are decoded: each segment that the log drops, by the first process other than
 * its creator that maps it. Segments that are never dropped cannot be distinguished from other shared memory; segments that
 * no other process maps are the browser's own.
 */
export function findDecodes(drafts: readonly Draft[]): SegmentMap[] {
  const dropped = new Set<Segment>();
  for (const draft of drafts)
    if (draft.kind === 'event' && draft.op === 'discard' && draft.segment) dropped.add(draft.segment);
  const decodes = new Map<Segment, SegmentMap>();
  for (const draft of drafts) {
    if (draft.kind !== 'segment-map' || draft.process === draft.segment.creator) continue;
    if (dropped.has(draft.segment) && !decodes.has(draft.segment)) decodes.set(draft.segment, draft);
  }
  return [...decodes.values()];
}

/**
 * The image in each segment. A tab that decodes into a segment of a size of which it has lost an image makes that
 * image again, the one lost first; else it is a new one.
 */
export function identifyImages(
  drafts: readonly Draft[],
  decodes: readonly SegmentMap[],
  tabs: ReadonlyMap<Process, string>,
): Map<Segment, Image> {
  const images = new Map<Segment, Image>();
  const decoding = new Set<Draft>(decodes);
  const lost: Image[] = [];
  const counts = new Map<Process, number>();
  let page = BASE;
  for (const draft of drafts) {
    if (draft.kind !== 'segment-map') {
      const image =
        draft.kind === 'event' && draft.op === 'discard' && draft.segment
          ? images.get(draft.segment)
          : undefined;
      if (image) lost.push(image);
      continue;
    }
    if (!decoding.has(draft)) continue;
    const { process: decoder, segment, segmentPages: pages } = draft;
    const again = lost.findIndex((image) => image.decoder === decoder && image.pages === pages);
    if (again >= 0) {
      images.set(segment, lost.splice(again, 1)[0]!);
      continue;
    }
    const number = (counts.get(decoder) ?? 0) + 1;
    counts.set(decoder, number);
    images.set(segment, { name: `${tabs.get(decoder)}-${number}`, decoder, segment, page, pages });
    page += pages;
  }
  return images;
}

/**
 * What decoding costs, in ns a page: a thread that decodes one image after another maps the next segment when the
 * image before is done. The (lower) median of these times, by page, passes over the pauses between bursts.
 *
 * @throws InputError when no thread decodes two images
 */
export function decodeNsPerPage(decodes: readonly SegmentMap[], file: string): number {
  const last = new Map<number, SegmentMap>();
  const rates: number[] = [];
  for (const decode of decodes) {
    const before = last.get(decode.thread);
    if (before) rates.push(((decode.timeUs - before.timeUs) * 1000) / (before.segmentPages - 1));
    last.set(decode.thread, decode);
  }
  if (rates.length === 0) {
    throw new InputError(
      'no thread decodes two images whose segments are dropped, expected some, to estimate the cost of decoding',
      { file },
    );
  }
  rates.sort((a, b) => a - b);
  return Math.round(rates[(rates.length - 1) >> 1]!);
}
