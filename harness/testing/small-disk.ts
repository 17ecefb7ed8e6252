import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { CliFolder } from './cli-folder.js';
import { runProgram } from './system.js';

/** A small file system in the folder of a test's commands, as `small`, and an experiment that does not fit on it, as many.yaml. */
export class SmallDisk {
  /** Whether it is there: it can be mounted by root only. */
  isMounted = false;

  /** @param size as mount has it, such as 100k */
  constructor(
    private readonly cli: CliFolder,
    size: string,
  ) {
    beforeAll(() => {
      mkdirSync(this.path);
      this.isMounted = this.mount(`size=${size}`, 'tmpfs');
      cli.write(
        'many.yaml',
        'name: many\ntraces: [a.csv]\ndiscard: [keep, remove, punch]\nreclaim: [linux, lru, fifo]\nlimits: [none, 75%, 50%]\n',
      );
    });
    afterAll(() => {
      if (this.isMounted) runProgram('umount', [this.path], cli.path);
    });
  }

  get path(): string {
    return join(this.cli.path, 'small');
  }

  /** Changes its size. */
  resize(size: string): void {
    this.mount(`remount,size=${size}`);
  }

  private mount(options: string, ...device: string[]): boolean {
    const type = device.length > 0 ? ['-t', 'tmpfs'] : [];
    return runProgram('mount', [...type, '-o', options, ...device, this.path], this.cli.path).code === 0;
  }
}
