import type { Report } from '../report.js';

/** A format in which the gate reports what it found. */
export interface Format {
  /** As `--format` takes it. */
  readonly name: string;
  /** The file that `--out` makes of it. */
  readonly file: string;
  /** Which tool reads it. */
  readonly about: string;
  /** All of the file. @param all whether a file of histories has every metric of every cell, not the headline of each trace */
  text(report: Report, all: boolean): string;
}
