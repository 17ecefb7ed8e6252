import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { InputError, type Place } from '../../../base/errors.js';
import type { InputFile } from '../reader.js';

/** A page of a guest whose contents differ from those in the snapshot before. */
export interface ChangedPage {
  /** Seconds since the guests started. */
  readonly timeS: number;
  /** Number of the guest, from 0. */
  readonly guest: number;
  /** Page of its memory, from 0. */
  readonly page: number;
  /** 0 is the zero page; pages of equal number hold equal bytes. */
  readonly content: number;
  readonly place: Place;
}

/** The form of a line. */
export const CHANGED_PAGE = /^(\d+) (\d+) (\d+) (\d+)$/;

/**
 * Reads snapshots of the memory of guests as changes: a line a page, `SECONDS GUEST PAGE CONTENT`, by time. All pages
 * are zero before the first snapshot.
 *
 * @throws InputError with the line that is not of this form, or earlier than the one before
 */
export async function* readSnapshots({ bytes, file }: InputFile): AsyncGenerator<ChangedPage> {
  const lines = createInterface({
    input: Readable.from(bytes),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  let line = 0;
  let lastS = 0;
  let pages = 0;
  for await (const text of lines) {
    line++;
    if (text === '') continue;
    const place = { file, line };
    const match = CHANGED_PAGE.exec(text);
    if (!match) {
      throw new InputError(
        `"${text.slice(0, 60)}" is not a changed page, expected SECONDS GUEST PAGE CONTENT`,
        place,
      );
    }
    const [timeS, guest, page, content] = match.slice(1).map(Number) as [number, number, number, number];
    if (timeS < lastS)
      throw new InputError(`time ${timeS} is before ${lastS}, expected snapshots in order of time`, place);
    lastS = timeS;
    yield { timeS, guest, page, content, place };
    pages++;
  }
  if (pages === 0)
    throw new InputError('no snapshots in this file, expected at least one changed page', { file });
}
