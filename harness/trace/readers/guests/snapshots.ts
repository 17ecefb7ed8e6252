import { InputError, type Place } from '../../../base/errors.js';
import type { InputFile } from '../reader.js';
import { NO_REQUEST, wholeLines } from '../scan/lines.js';

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

async function* textLines(
  input: InputFile,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  let line = 0;
  for await (const lines of wholeLines(input)) {
    const texts = Buffer.from(lines).toString('latin1').split('\n');
    texts.pop();
    for (const text of texts) yield { text: text.replace(/\r$/, ''), line: ++line };
  }
}

/** @throws InputError for a line that is not of the form */
function changedPage(text: string, place: Place): ChangedPage {
  const match = CHANGED_PAGE.exec(text);
  if (!match)
    throw new InputError(
      `"${text.slice(0, 60)}" is not a changed page, expected SECONDS GUEST PAGE CONTENT`,
      place,
    );
  const [timeS, guest, page, content] = match.slice(1).map(Number) as [number, number, number, number];
  return { timeS, guest, page, content, place };
}

/**
 * Reads snapshots of the memory of guests as changes: a line a page, `SECONDS GUEST PAGE CONTENT`, by time. All pages
 * are zero before the first snapshot.
 *
 * @throws InputError with the line that is not of this form, or earlier than the one before
 */
export async function* readSnapshots(input: InputFile): AsyncGenerator<ChangedPage> {
  const { account, file } = input;
  let lastS = 0;
  for await (const { text, line } of textLines(input)) {
    if (text === '') {
      account.leave(NO_REQUEST);
      continue;
    }
    const change = changedPage(text, { file, line });
    if (change.timeS < lastS)
      throw new InputError(
        `time ${change.timeS} is before ${lastS}, expected snapshots in order of time`,
        change.place,
      );
    lastS = change.timeS;
    account.use();
    yield change;
  }
  if (account.used === 0)
    throw new InputError('no snapshots in this file, expected at least one changed page', { file });
}
