import { Presets, SingleBar } from 'cli-progress';
import { note } from './terminal.js';

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
