import type { Process } from './processes.js';
import type { Segment } from './segments.js';

/** What a descriptor stands for. */
export type OpenFile =
  | { readonly kind: 'segment'; readonly segment: Segment }
  /** A pidfd; undefined for a process that the log does not know. */
  | { readonly kind: 'process'; readonly process: Process | undefined }
  /** Memory in hugetlb pages of other sizes than 2 MiB (MFD_HUGETLB). */
  | { readonly kind: 'huge' }
  /** Known to be none of these. */
  | { readonly kind: 'other' };

export const OTHER_FILE: OpenFile = { kind: 'other' };

/** A descriptor of a process. */
export interface Descriptor {
  readonly file: OpenFile;
  cloexec: boolean;
  /** Whether it has been used to map its segment since the process has it. */
  mapped: boolean;
}

interface Table {
  readonly entries: Map<number, Descriptor>;
  /** Processes that have it (CLONE_FILES). */
  users: number;
}

/** The descriptors of all processes, as far as the log explains them: a number that is not here is not known. */
export class Descriptors {
  private readonly tables = new Map<Process, Table>();

  /** @param unheld told of a segment when the last descriptor that stands for it is gone */
  constructor(private readonly unheld: (segment: Segment) => void) {}

  get(process: Process, fd: number): Descriptor | undefined {
    return this.tables.get(process)?.entries.get(fd);
  }

  /** The segment that a descriptor stands for, if it stands for one. */
  segment(process: Process, fd: number): Segment | undefined {
    const file = this.get(process, fd)?.file;
    return file?.kind === 'segment' ? file.segment : undefined;
  }

  set(process: Process, fd: number, file: OpenFile, cloexec: boolean): void {
    this.hold(file);
    this.close(process, fd);
    this.tableOf(process).entries.set(fd, { file, cloexec, mapped: false });
  }

  /** Returns what the descriptor stood for. */
  close(process: Process, fd: number): OpenFile | undefined {
    const entries = this.tables.get(process)?.entries;
    const file = entries?.get(fd)?.file;
    entries?.delete(fd);
    if (file) this.release(file);
    return file;
  }

  /** Makes `to` stand for what `from` does; unknown if that is. Returns what it is. */
  duplicate(process: Process, from: number, to: number, cloexec: boolean): OpenFile | undefined {
    const file = this.get(process, from)?.file;
    if (from === to) return file;
    if (file) this.set(process, to, file, cloexec);
    else this.close(process, to);
    return file;
  }

  /** close_range: closes known descriptors, or has exec close them. Returns what they are. */
  closeRange(process: Process, first: number, last: number, onExec: boolean): OpenFile[] {
    const entries = this.tables.get(process)?.entries ?? new Map<number, Descriptor>();
    const within = [...entries].filter(([fd]) => fd >= first && fd <= last);
    for (const [fd, descriptor] of within) {
      if (onExec) descriptor.cloexec = true;
      else this.close(process, fd);
    }
    return within.map(([, { file }]) => file);
  }

  /** A new process has its parent's descriptors: the same table, or a copy. */
  inherit(parent: Process, child: Process, shared: boolean): void {
    const table = this.tableOf(parent);
    if (shared) {
      table.users++;
      this.tables.set(child, table);
    } else this.tables.set(child, this.copyOf(table));
  }

  /** The table becomes the process's own (exec, CLOSE_RANGE_UNSHARE, unshare). */
  unshare(process: Process): void {
    const table = this.tables.get(process);
    if (!table || table.users === 1) return;
    table.users--;
    this.tables.set(process, this.copyOf(table));
  }

  exec(process: Process): void {
    this.unshare(process);
    const entries = this.tables.get(process)?.entries ?? new Map<number, Descriptor>();
    for (const [fd, { cloexec }] of [...entries]) if (cloexec) this.close(process, fd);
  }

  exit(process: Process): void {
    const table = this.tables.get(process);
    this.tables.delete(process);
    if (!table || --table.users > 0) return;
    for (const { file } of table.entries.values()) this.release(file);
  }

  /** A file is also held by something else than a table: a message under way. */
  hold(file: OpenFile): void {
    if (file.kind === 'segment') file.segment.descriptors++;
  }

  release(file: OpenFile): void {
    if (file.kind === 'segment' && --file.segment.descriptors === 0) this.unheld(file.segment);
  }

  private tableOf(process: Process): Table {
    const known = this.tables.get(process);
    if (known) return known;
    const table = { entries: new Map<number, Descriptor>(), users: 1 };
    this.tables.set(process, table);
    return table;
  }

  private copyOf({ entries }: Table): Table {
    const copy = new Map<number, Descriptor>();
    for (const [fd, { file, cloexec }] of entries) {
      this.hold(file);
      copy.set(fd, { file, cloexec, mapped: false });
    }
    return { entries: copy, users: 1 };
  }
}
