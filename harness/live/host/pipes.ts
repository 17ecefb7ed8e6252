import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { makePipes, NamedPipes } from '../pipes.js';

/** Two pipes to a process: a byte each way hands over. */
export class Pipes {
  private readonly pipes: NamedPipes;
  /** The ends of the process, until they are closed here. */
  readonly ends: readonly [stdin: number, stdout: number];
  private readonly byte = Buffer.alloc(1);

  /** @param folder where the pipes are made */
  constructor(folder: string) {
    const [input, output] = [join(folder, 'in'), join(folder, 'out')];
    makePipes(folder, [input, output]);
    this.pipes = new NamedPipes([input, output]);
    this.ends = [openSync(input, constants.O_RDONLY), openSync(output, constants.O_WRONLY)];
  }

  /** Closes the ends of the process here, which has them now. */
  handedOver(): void {
    for (const end of this.ends) closeSync(end);
  }

  send(): void {
    this.pipes.write(this.byte);
  }

  /**
   * Waits for a byte.
   *
   * @param look called between looks; what it throws ends the wait
   * @returns whether it came; false where all who could write it have ended
   */
  await(look: () => void): boolean {
    return this.pipes.waitFor(() => this.pipes.read(this.byte), look) > 0;
  }

  close(): void {
    this.pipes.close();
  }
}
