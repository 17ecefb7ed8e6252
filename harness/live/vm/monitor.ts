import { HostError } from '../../base/errors.js';
import { NamedPipes } from '../pipes.js';
import { LiveTimeout } from '../session.js';

/** What QEMU says: of an event its name, else the answer to a command. Source: docs/interop/qmp-spec.txt. */
interface Message {
  readonly event?: string;
  readonly error?: { readonly desc: string };
}

/** The monitor of a virtual machine, spoken to synchronously. */
export class Monitor {
  private readonly pipes: NamedPipes;
  private readonly buffer = Buffer.alloc(2 ** 16);
  private rest = '';
  private greeted = false;

  /** @param path the pipes are `path.in` and `path.out` */
  constructor(path: string) {
    this.pipes = new NamedPipes([`${path}.in`, `${path}.out`]);
  }

  send(command: string): void {
    this.pipes.write(`{"execute":"${command}"}\n`);
  }

  /**
   * Waits for an event.
   *
   * @returns whether it came; false where the monitor has ended
   * @throws LiveTimeout after `timeoutMs`
   */
  await(event: string, timeoutMs: number): boolean {
    const end = performance.now() + timeoutMs;
    const idle = () => {
      if (performance.now() > end)
        throw new LiveTimeout(`the virtual machine does not answer within ${Math.round(timeoutMs / 1000)} s`);
    };
    return this.pipes.waitFor(() => this.look(event), idle);
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
    const bytes = this.pipes.read(this.buffer);
    if (bytes === undefined) return undefined;
    this.rest += this.buffer.toString('utf8', 0, bytes);
    this.greeted ||= bytes > 0;
    return bytes;
  }

  close(): void {
    this.pipes.close();
  }
}
