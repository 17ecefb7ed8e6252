import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { HostError, systemErrorCode } from '../base/errors.js';

/** Pauses between looks, in ms: short at first, since most answers come soon. */
const FIRST_PAUSE_MS = 0.05;
const LONGEST_PAUSE_MS = 5;
const PAUSE_GROWTH = 1.3;

/**
 * Two pipes with names to another process, used synchronously: while it works, this thread waits, without an event loop. (What a
 * policy asks of the kernel is answered when its call returns.)
 */
export class NamedPipes {
  private readonly input: number;
  private readonly output: number;
  private readonly clock = new Int32Array(new SharedArrayBuffer(4));

  /** @param paths of the pipe that is written to, and of that which is read: `makePipes` makes them */
  constructor([input, output]: readonly [input: string, output: string]) {
    // Opened for both, so that neither end has to wait for the other.
    this.input = openSync(input, constants.O_RDWR);
    this.output = openSync(output, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  write(data: string | Uint8Array): void {
    writeSync(this.input, Buffer.from(data));
  }

  /** Bytes that came; 0 where nothing writes; undefined where there is nothing now. */
  read(buffer: Uint8Array): number | undefined {
    try {
      return readSync(this.output, buffer);
    } catch (error) {
      if (systemErrorCode(error) === 'EAGAIN') return undefined;
      throw error;
    }
  }

  /**
   * Waits for what `look` returns.
   *
   * @param look returns undefined while there is nothing yet
   * @param idle called between looks; what it throws ends the wait
   */
  waitFor<T>(look: () => T | undefined, idle: () => void): T {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * PAUSE_GROWTH)) {
      const found = look();
      if (found !== undefined) return found;
      idle();
      Atomics.wait(this.clock, 0, 0, pause);
    }
  }

  close(): void {
    closeSync(this.input);
    closeSync(this.output);
  }
}

/** Makes pipes with names. @throws HostError where the file system has none */
export function makePipes(folder: string, paths: readonly string[]): void {
  const { status, error } = spawnSync('mkfifo', paths);
  if (error)
    throw new HostError(
      'a live machine needs mkfifo, which is not found (Debian: coreutils); --machine sim needs none',
    );
  if (status !== 0) throw new HostError(`${folder}: mkfifo cannot make pipes there`);
}
