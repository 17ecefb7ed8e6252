import type { Look } from '../../report/terminal-text.js';
import type { Choice } from '../choice.js';
import type { Diff } from '../diff.js';

/** A format in which a diff is written. */
export interface Format {
  /** As `--format` takes it. */
  readonly name: string;
  /** The file that `--out` makes of it. */
  readonly file: string;
  /** All of the file. @param look of the terminal, for text */
  text(diff: Diff, choice: Choice, look: Look): string;
}
