import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { HostError, systemErrorCode } from '../../base/errors.js';
import { LiveTimeout } from '../session.js';

/** What QEMU says: of an event its name, else the answer to a command. Source: docs/interop/qmp-spec.txt. */
interface Message {
  readonly event?: string;
  readonly error?: { readonly desc: string };
}

/** Pauses between looks, in ms: short at first, since most answers come soon. */
const FIRST_PAUSE_MS = 0.05;
const LONGEST_PAUSE_MS = 5;

/**
 * The monitor of a virtual machine, spoken to synchronously through two pipes with names: while the machine works, this thread
 * waits. (What a policy asks of the kernel is answered when its call returns.)
 */
export class Monitor {
  private readonly input: number;
  private readonly output: number;
  private readonly buffer = Buffer.alloc(2 ** 16);
  private readonly clock = new Int32Array(new SharedArrayBuffer(4));
  private rest = '';
  private greeted = false;

  /** @param path the pipes are `path.in` and `path.out` */
  constructor(path: string) {
    // Opened for both, so that neither end has to wait for the other.
    this.input = openSync(`${path}.in`, constants.O_RDWR);
    this.output = openSync(`${path}.out`, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  send(command: string): void {
    writeSync(this.input, `{"execute":"${command}"}\n`);
  }

  /**
   * Waits for an event.
   *
   * @returns whether it came; false where the monitor has ended
   * @throws LiveTimeout after `timeoutMs`
   */
  await(event: string, timeoutMs: number): boolean {
    const end = performance.now() + timeoutMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.3)) {
      const came = this.look(event);
      if (came !== undefined) return came;
      if (performance.now() > end)
        throw new LiveTimeout(`the virtual machine does not answer within ${Math.round(timeoutMs / 1000)} s`);
      Atomics.wait(this.clock, 0, 0, pause);
    }
  }

  /** Whether an event has come, or the monitor has ended. Undefined: neither yet. */
  look(event: string): boolean | undefined {
    for (let read = this.read(); ; read = this.read()) {
      for (let at = this.rest.indexOf('\n'); at >= 0; at = this.rest.indexOf('\n')) {
        const message = JSON.parse(this.rest.slice(0, at)) as Message;
        this.rest = this.rest.slice(at + 1);
        if (message.error) throw new HostError(`the virtual machine: ${message.error.desc}`);
        if (message.event === event) return true;
      }
      // Without a writer there is nothing to read yet, or any more.
      if (read === 0 && this.greeted) return false;
      if (read === undefined || read === 0) return undefined;
    }
  }

  /** Bytes that came; 0 where nothing writes; undefined where there is nothing now. */
  private read(): number | undefined {
    try {
      const bytes = readSync(this.output, this.buffer);
      this.rest += this.buffer.toString('utf8', 0, bytes);
      this.greeted ||= bytes > 0;
      return bytes;
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
