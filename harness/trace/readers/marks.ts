import { buffer } from 'node:stream/consumers';
import { InputError, type Place } from '../../base/errors.js';
import { LineAccount } from './account.js';
import type { ReaderInput, SideInput } from './reader.js';

/** A line of a marks file: what a driver did to the recorded program, and when. */
export interface Mark {
  /** µs since the epoch. */
  readonly timeUs: number;
  readonly label: string;
  readonly place: Place;
}

/** The side input of readers whose events are merged with marks. */
export const MARKS: SideInput = {
  meaning: 'a file of marks, "TIME LABEL" per line; "pressure moderate|critical" becomes pressure',
  required: false,
};

/** The marks that a reader was given; none without the side input. @throws InputError as `parseMarks` */
export async function readMarks({ sides }: ReaderInput): Promise<Mark[]> {
  if (!sides.marks) return [];
  const { bytes, file, account } = sides.marks;
  return parseMarks((await buffer(bytes)).toString(), file, account);
}

/**
 * Reads a marks file: a line a mark, `TIME LABEL`, where TIME is ISO 8601 or seconds since the epoch. Marks themselves are
 * counted where they are merged with events.
 *
 * @param account counts the lines that are no mark
 * @throws InputError with the line that is not of this form
 */
export function parseMarks(text: string, file: string, account = new LineAccount()): Mark[] {
  const marks: Mark[] = [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  lines.forEach((line, i) => {
    if (line.trim() === '') {
      account.leave('empty lines');
      return;
    }
    const place = { file, line: i + 1 };
    const space = line.indexOf(' ');
    const time = space < 0 ? line : line.slice(0, space);
    const timeUs = /^\d+(\.\d+)?$/.test(time) ? Math.round(Number(time) * 1e6) : Date.parse(time) * 1000;
    if (space < 0 || Number.isNaN(timeUs)) {
      throw new InputError(
        `"${line.slice(0, 60)}" is not a mark, expected a time (ISO 8601 or epoch seconds) and a label`,
        place,
      );
    }
    marks.push({ timeUs, label: line.slice(space + 1).trim(), place });
  });
  return marks.sort((a, b) => a.timeUs - b.timeUs);
}
