// What compressed files decode to, so that a compiled trace is found without decoding its file: a tenth of the time.
import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { partPath } from './cache.js';
import { isBrotliName, mayExpand } from './decompress.js';
import { rawBytes } from './raw.js';

/** A file as it lies. */
export interface RawFile {
  /** SHA-256 of its bytes, and of what its name says of their compression. */
  readonly sha256: string;
  readonly bytes: number;
}

/** What a file decodes to. */
interface Decoded {
  /** Hash of the decoded content. */
  readonly key: string;
  readonly bytes: number;
}

/** Hashes a file while it is read. */
export class RawHash {
  private readonly hash;
  private bytes = 0;

  constructor(private readonly path: string) {
    this.hash = createHash('sha256').update(isBrotliName(path) ? 'brotli ' : '');
  }

  /** The bytes of the file as they lie. */
  async *read(reuse = false): AsyncGenerator<Uint8Array> {
    for await (const chunk of rawBytes(this.path, reuse)) {
      this.hash.update(chunk);
      this.bytes += chunk.length;
      yield chunk;
    }
  }

  /** What was read: to be asked once, at its end. */
  end(): RawFile {
    return { sha256: this.hash.digest('hex'), bytes: this.bytes };
  }
}

/** Reads a file to its end. */
export async function rawFile(path: string): Promise<RawFile> {
  const hash = new RawHash(path);
  for await (const _chunk of hash.read(true));
  return hash.end();
}

function pathOf(folder: string, { sha256 }: RawFile): string {
  return join(folder, `${sha256}.decoded`);
}

/** What is written: a file under another name, or a damaged one, is seen by its checksum. */
function textOf(raw: RawFile, { key, bytes }: Decoded): string {
  const checksum = createHash('sha256').update(`${raw.sha256} ${key} ${bytes}`).digest('hex');
  return `${key} ${bytes} ${checksum}\n`;
}

/**
 * The key of a file's compiled trace. Undefined where the file was not decoded before, and where it expands to more than is
 * allowed now: that is for its decoder to say.
 *
 * @param folder of the cache
 */
export async function decodedKey(folder: string, raw: RawFile): Promise<string | undefined> {
  const text = await readFile(pathOf(folder, raw), 'utf8').catch(() => '');
  const [key = '', size] = text.split(' ');
  const bytes = Number(size);
  return text === textOf(raw, { key, bytes }) && mayExpand(raw.bytes, bytes) ? key : undefined;
}

/** Keeps what a file decodes to, whole or not at all. */
export async function keepDecodedKey(folder: string, raw: RawFile, decoded: Decoded): Promise<void> {
  const path = pathOf(folder, raw);
  const next = partPath(folder);
  await writeFile(next, textOf(raw, decoded));
  await rename(next, path).finally(() => rm(next, { force: true }));
}
