import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchTrace } from './memory-trace.js';
import { type BenchString, benchString, type StringName } from './strings.js';

export interface InputOptions {
  /** Requests of each reference string. */
  readonly requests: number;
  /** Accesses of the machine's trace. */
  readonly events: number;
  /** Makes the machine's trace. */
  readonly loadTrace: () => Promise<BenchTrace>;
}

/** What the cases of one run share. Everything is made when it is first asked for, and once. */
export class BenchInputs {
  readonly requests: number;
  readonly events: number;
  private loadedTrace: Promise<BenchTrace> | undefined;
  private readonly strings = new Map<StringName, BenchString>();
  private readonly files = new Map<string, Promise<string>>();
  private madeFolder: Promise<string> | undefined;
  private readonly lastActions: (() => Promise<void>)[] = [];

  constructor(private readonly options: InputOptions) {
    this.requests = options.requests;
    this.events = options.events;
  }

  trace(): Promise<BenchTrace> {
    this.loadedTrace ??= this.options.loadTrace();
    return this.loadedTrace;
  }

  string(name: StringName): BenchString {
    let string = this.strings.get(name);
    if (!string) {
      string = benchString(name, this.requests);
      this.strings.set(name, string);
    }
    return string;
  }

  /** A file in a temporary folder, made by `write` when it is first asked for. Returns its path. */
  file(name: string, write: (path: string) => Promise<void>): Promise<string> {
    let file = this.files.get(name);
    if (!file) {
      file = this.makeFile(name, write);
      this.files.set(name, file);
    }
    return file;
  }

  /** The ids of a reference string as a file of int32 in the host's byte order. */
  stringFile(name: StringName): Promise<string> {
    return this.file(`${name}.ids`, (path) => writeFile(path, this.string(name).reference.ids));
  }

  /** Remembers what must be done when all cases have run. */
  atEnd(action: () => Promise<void>): void {
    this.lastActions.push(action);
  }

  /** Removes the files, and does what `atEnd` was given. */
  async close(): Promise<void> {
    for (const action of this.lastActions) await action();
  }

  private async makeFile(name: string, write: (path: string) => Promise<void>): Promise<string> {
    this.madeFolder ??= this.makeFolder();
    const path = join(await this.madeFolder, name);
    await write(path);
    return path;
  }

  private async makeFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'reclaim-bench-'));
    this.atEnd(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }
}
