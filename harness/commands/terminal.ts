import { once } from 'node:events';
import { Presets, SingleBar } from 'cli-progress';
import { printable } from '../base/printable.js';
import { type Look, USUAL_COLUMNS } from '../report/terminal-text.js';

/** Tables need as many columns, however narrow the terminal is. */
const FEWEST_COLUMNS = 40;

/** Writes results to standard output; waits while a pipe is full. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)) await once(process.stdout, 'drain');
}

/**
 * How standard output shows text: the columns of the terminal, or 80, and colours where it is one, unless NO_COLOR is set.
 * FORCE_COLOR decides where it is set (https://no-color.org, https://force-color.org).
 */
export function outputLook(): Look {
  const { columns, isTTY } = process.stdout;
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const wanted = isTTY === true && (NO_COLOR ?? '') === '';
  const colour = (FORCE_COLOR ?? '') === '' ? wanted : FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return { columns: Math.max(FEWEST_COLUMNS, columns ?? USUAL_COLUMNS), colour };
}

/** Prints something that is not a result, as one line on standard error. */
export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** How often a log is told of progress. */
const LOG_MS = 60_000;
const SECOND_MS = 1000;
const MINUTE_S = 60;

/** A time as words, in two units at most. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < MINUTE_S) return `${seconds} s`;
  const minutes = Math.floor(seconds / MINUTE_S);
  if (minutes < MINUTE_S) return `${minutes} min ${seconds % MINUTE_S} s`;
  return `${Math.floor(minutes / MINUTE_S)} h ${minutes % MINUTE_S} min`;
}

/** Progress on standard error: a bar on a terminal, a line a minute elsewhere, nothing with --quiet. */
export class Progress {
  private readonly bar: SingleBar | undefined;
  private readonly started = performance.now();
  private logged = this.started;
  private done = 0;

  constructor(
    private readonly what: string,
    private readonly total: number,
    private readonly quiet: boolean,
  ) {
    if (quiet || !process.stderr.isTTY || total === 0) return;
    this.bar = new SingleBar(
      {
        format: '{what} {bar} {value}/{total}{left}',
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
      },
      Presets.shades_classic,
    );
    this.bar.start(total, 0, { what, left: '' });
  }

  /**
   * One more is done.
   *
   * @param leftMs how long the rest will take, where more is known than that all are alike
   */
  step(leftMs?: number): void {
    this.set(this.done + 1, leftMs);
  }

  /** Sets how many are done. */
  set(done: number, leftMs = this.leftOf(done)): void {
    this.done = done;
    const left = leftMs === undefined ? '' : `, about ${durationText(leftMs)} left`;
    this.bar?.update(done, { left });
    const now = performance.now();
    if (this.bar || this.quiet || now - this.logged < LOG_MS) return;
    this.logged = now;
    note(`${this.what}: ${done} of ${this.total}${left}`);
  }

  private leftOf(done: number): number | undefined {
    return done > 0 ? ((performance.now() - this.started) * (this.total - done)) / done : undefined;
  }

  stop(): void {
    this.bar?.stop();
  }
}
