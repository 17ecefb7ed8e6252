import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../base/errors.js';
import { decodedBytes } from '../../io/input.js';
import { LineAccount } from '../account.js';
import type { InputFile } from '../reader.js';
import { wholeLines } from '../scan/lines.js';
import { MANIFEST } from './manifest.js';

/** Endings of files that were compressed since. */
const COMPRESSED = /\.(gz|br|zst|xz|bz2)$/;

/** Whether a path is of a raw folder: one with a manifest. */
export function isRecording(path: string): boolean {
  try {
    return statSync(join(path, MANIFEST)).isFile();
  } catch {
    return false;
  }
}

/** The files of a raw folder, compressed or not. */
export class RawFolder {
  /** Counts the lines and records of all files. */
  readonly account = new LineAccount();
  private readonly names: readonly string[];

  /** @param path what messages call it, too */
  constructor(readonly path: string) {
    this.names = readdirSync(path);
  }

  /** Names of files, without the ending of their compression, in alphabetical order. */
  get files(): string[] {
    return this.names.map((name) => name.replace(COMPRESSED, '')).sort();
  }

  /** Opens a file from its start. @throws InputError where the folder has none of this name */
  input(name: string): InputFile {
    const stored = this.names.find((each) => each.replace(COMPRESSED, '') === name);
    if (stored === undefined)
      throw new InputError(`this recording has no ${name}, expected the file of its engine`, {
        file: this.path,
      });
    const file = join(this.path, stored);
    return { file, bytes: decodedBytes(file), account: this.account };
  }

  /** The lines of a file, many at a time, without their ends; characters are bytes, so that columns keep their places. */
  async *lines(name: string): AsyncGenerator<string[]> {
    for await (const bytes of wholeLines(this.input(name))) {
      const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').split('\n');
      lines.pop();
      yield lines;
    }
  }
}
