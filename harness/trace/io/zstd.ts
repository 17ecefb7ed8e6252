import { Transform, type TransformCallback } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';

/** Decompresses Zstandard in JavaScript: for Node before 22.15. */
class JsZstdDecompress extends Transform {
  private readonly zstd = new Decompress((data) => {
    if (data.length > 0) this.push(data);
  });

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, done: TransformCallback): void {
    done(this.attempt(chunk, false));
  }

  override _flush(done: TransformCallback): void {
    done(this.attempt(new Uint8Array(0), true));
  }

  private attempt(chunk: Uint8Array, final: boolean): Error | null {
    try {
      this.zstd.push(chunk, final);
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

/** A decompressor of .zst: Node's own where it has one, else one in JavaScript. */
export function zstdDecompressor(native = 'createZstdDecompress' in zlib): Transform {
  return native
    ? (zlib as unknown as { createZstdDecompress(): Transform }).createZstdDecompress()
    : new JsZstdDecompress();
}
