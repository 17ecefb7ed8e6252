import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { fileError, systemErrorCode } from '../../base/errors.js';

/**
 * How often events are read. Not as they come: each would wake a reader that waits, which costs the program more than the
 * event. The buffers hold those of a longer time.
 */
const DRAIN_MS = 10;
const CHUNK_BYTES = 1 << 16;
/** Reads at a time: signals are looked at between them, also where events come faster than they are read. */
const MOST_READS = 2000;

/** Moves the events of an instance into a file, as text. */
export class Drain {
  private readonly pipe: number;
  private readonly output: number;
  private readonly timer: NodeJS.Timeout;
  private readonly chunk = Buffer.alloc(CHUNK_BYTES);
  private isOpen = true;
  private fail!: (why: string) => void;
  /** Resolves with what is to be said where events can no longer be read or written. */
  readonly broken = new Promise<string>((done) => {
    this.fail = done;
  });

  /** @param pipe `trace_pipe` of the instance @param file where its text goes @param seen is given what was read, each time */
  constructor(
    pipe: string,
    private readonly file: string,
    private readonly seen: (text: Buffer) => void,
  ) {
    this.pipe = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    this.output = openSync(file, 'w');
    this.timer = setInterval(() => {
      try {
        this.drain(MOST_READS);
      } catch (error) {
        this.close();
        this.fail(`recorded events cannot be written: ${(error as Error).message}`);
      }
    }, DRAIN_MS);
  }

  /**
   * Moves what is there.
   *
   * @param most reads of a page or so, by default all
   * @throws the error of the file that events go to
   */
  drain(most = Number.POSITIVE_INFINITY): void {
    for (let reads = 0; reads < most; reads++) {
      const got = this.read();
      if (got === 0) return;
      const text = this.chunk.subarray(0, got);
      try {
        for (let done = 0; done < got; ) done += writeSync(this.output, text, done);
      } catch (error) {
        throw fileError(error, this.file);
      }
      this.seen(text);
    }
  }

  /** Closes both files; nothing is read any more. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    clearInterval(this.timer);
    closeSync(this.pipe);
    closeSync(this.output);
  }

  /** Reads some whole lines. Returns 0 where there are none. */
  private read(): number {
    try {
      return this.isOpen ? readSync(this.pipe, this.chunk, 0, CHUNK_BYTES, null) : 0;
    } catch (error) {
      if (systemErrorCode(error) === 'EAGAIN') return 0;
      throw error;
    }
  }
}
