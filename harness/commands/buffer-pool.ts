import { InputError } from '../base/errors.js';
import { parseSize } from '../base/size.js';
import { BLOCK_BYTES, BLOCK_PAGES } from '../trace/buffer-pool/database.js';
import { COUNT_LIMIT } from '../trace/op.js';
import type { PostgresqlOptions } from '../trace/readers/postgresql/import.js';

/** Buffers in a size; the pool has at least one. */
function buffersOf(flag: string, text: string): number {
  const size = parseSize(text, BLOCK_BYTES / BLOCK_PAGES);
  const buffers = size.kind === 'pages' ? Math.floor(size.pages / BLOCK_PAGES) : 0;
  if (buffers < 1 || buffers * BLOCK_PAGES > COUNT_LIMIT)
    throw new InputError(
      `--${flag}: "${text}" is no size of a buffer pool, expected pages or KiB, MiB, GiB, at least one block of ${BLOCK_BYTES} bytes`,
    );
  return buffers;
}

/**
 * The buffer pool that accesses are played on.
 *
 * @param sharedBuffers its SIZE
 * @param changes of it, `SECONDS=SIZE` each
 * @throws InputError for what is no size, or no change
 */
export function postgresqlOptions(sharedBuffers: string, changes: readonly string[]): PostgresqlOptions {
  const resizes = changes.map((text) => {
    const match = /^(\d+(?:\.\d{1,6})?)=(.+)$/.exec(text);
    if (!match)
      throw new InputError(`--resize "${text}" is not a resize, expected SECONDS=SIZE, as in 1.5=32MiB`);
    return { timeUs: Math.round(Number(match[1]) * 1e6), buffers: buffersOf('resize', match[2]!) };
  });
  resizes.sort((a, b) => a.timeUs - b.timeUs);
  return { buffers: buffersOf('shared-buffers', sharedBuffers), resizes };
}
