import type { Report } from '../report.js';

/** A form in which the gate tells what it found. */
export interface Format {
  /** As `--format` takes it. */
  readonly name: string;
  /** The file that `--out` makes of it. */
  readonly file: string;
  /** Who reads it. */
  readonly about: string;
  /** All of the file. */
  text(report: Report): string;
}
