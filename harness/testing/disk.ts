import { DISK, type Disk } from '../output/disk.js';

/** How a disk fails: it answers with an error once, or does nothing any more, as after kill -9. */
export type Failure = 'ENOSPC' | 'EDQUOT' | 'EIO' | 'crash';

/** The file system until the n-th change, which fails. A write that fails has written half. */
export class FailingDisk implements Disk {
  /** Changes so far. */
  changes = 0;
  failed = false;

  constructor(
    private readonly at: number,
    private readonly failure: Failure,
    /** Is told of each change, from 0, before it is made. */
    private readonly told: (change: number) => void = () => undefined,
  ) {}

  write(path: string, content: string | Uint8Array): void {
    this.change(
      () => DISK.write(path, content),
      () => DISK.write(path, content.slice(0, content.length / 2)),
    );
  }
  append(path: string, content: string | Uint8Array): void {
    this.change(
      () => DISK.append(path, content),
      () => DISK.append(path, content.slice(0, content.length / 2)),
    );
  }
  sync(path: string): void {
    this.change(() => DISK.sync(path));
  }
  rename(from: string, to: string): void {
    this.change(() => DISK.rename(from, to));
  }
  link(from: string, to: string): void {
    this.change(() => DISK.link(from, to));
  }
  remove(path: string): void {
    this.change(() => DISK.remove(path));
  }
  makeFolder(path: string): void {
    this.change(() => DISK.makeFolder(path));
  }
  removeFolder(path: string): void {
    this.change(() => DISK.removeFolder(path));
  }

  private change(change: () => void, half: () => void = () => undefined): void {
    this.told(this.changes);
    const crashed = this.failure === 'crash' && this.failed;
    if (!crashed && this.changes++ !== this.at) {
      change();
      return;
    }
    if (!this.failed) half();
    this.failed = true;
    throw Object.assign(new Error(this.failure), {
      code: this.failure === 'crash' ? undefined : this.failure,
    });
  }
}
