import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { HostError, systemErrorCode } from '../../base/errors.js';

/** Pauses between looks, in ms: short at first, since most answers come soon. */
const FIRST_PAUSE_MS = 0.05;
const LONGEST_PAUSE_MS = 5;
const PAUSE_GROWTH = 1.3;

/** Makes pipes with names. @throws HostError where the file system has none */
function makePipes(paths: readonly string[]): void {
  if (spawnSync('mkfifo', paths).status !== 0)
    throw new HostError(`${paths[0]}: mkfifo cannot make pipes there`);
}

/** Two pipes to a process: a byte each way hands over. Node waits for it in this thread, without an event loop. */
export class Pipes {
  private readonly input: number;
  private readonly output: number;
  /** The ends of the process, until they are closed here. */
  readonly ends: readonly [stdin: number, stdout: number];
  private readonly byte = Buffer.alloc(1);
  private readonly clock = new Int32Array(new SharedArrayBuffer(4));

  /** @param folder where the pipes are made */
  constructor(folder: string) {
    const paths = ['in', 'out'].map((name) => join(folder, name));
    makePipes(paths);
    const [input, output] = paths as [string, string];
    // Opened for both, so that it does not wait for the other end.
    this.input = openSync(input, constants.O_RDWR);
    this.output = openSync(output, constants.O_RDONLY | constants.O_NONBLOCK);
    this.ends = [openSync(input, constants.O_RDONLY), openSync(output, constants.O_WRONLY)];
  }

  /** Closes the ends of the process here, which has them now. */
  handedOver(): void {
    for (const end of this.ends) closeSync(end);
  }

  send(): void {
    writeSync(this.input, this.byte);
  }

  /**
   * Waits for a byte.
   *
   * @param look called between looks; what it throws ends the wait
   * @returns whether it came; false where all who could write it have ended
   */
  await(look: () => void): boolean {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * PAUSE_GROWTH)) {
      const bytes = this.read();
      if (bytes !== undefined) return bytes > 0;
      look();
      Atomics.wait(this.clock, 0, 0, pause);
    }
  }

  /** Bytes that came, 0 at the end; undefined where there is nothing now. */
  private read(): number | undefined {
    try {
      return readSync(this.output, this.byte);
    } catch (error) {
      if (systemErrorCode(error) === 'EAGAIN') return undefined;
      throw error;
    }
  }

  close(): void {
    closeSync(this.input);
    closeSync(this.output);
  }
}
