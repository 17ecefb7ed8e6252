import { PAGE_BYTES } from '../../../base/page.js';
import { decodedBytes } from '../../io/input.js';
import { TraceMeta } from '../../meta.js';
import type { TraceSource } from '../../source.js';
import { type FollowOptions, followLog } from './follow.js';
import { DraftWriter, type STRACE_TOUCHES } from './writer.js';

export interface StraceOptions extends FollowOptions {
  /**
   * `none`: no reads or writes. `second-mapper`: each segment is written once, whole, when the first other process
   * maps it writable (or by its creator, where none does), and its first page by its creator too.
   */
  readonly touches: (typeof STRACE_TOUCHES)[number];
}

/**
 * Imports a log of `strace -f -ttt -T` (calls mmap, munmap, mremap, madvise, memfd_create, ftruncate, fallocate,
 * clone, fork, vfork, execve): follows shared-memory segments through all processes. MADV_REMOVE becomes `discard`,
 * other advice stays verbatim. Times count from the first line.
 *
 * Inferred, because a log of calls does not show it: which mappings belong to one segment where the descriptor came
 * from another process (by size and order in time), when a segment is closed (after its last mapping), and every
 * access.
 *
 * @param bytes of the log, where its start has been read
 * @throws InputError with the line that is not strace's
 */
export async function importStrace(
  path: string,
  options: StraceOptions,
  bytes: AsyncIterable<Uint8Array> = decodedBytes(path),
): Promise<TraceSource> {
  const { drafts, startUs, unmatched } = await followLog(path, options, bytes);
  const writer = new DraftWriter(drafts, options.touches, startUs);
  return {
    meta: metadata(options, startUs, unmatched),
    strings: writer.builder.strings,
    blocks: () => writer.blocks(),
  };
}

function metadata(options: StraceOptions, startUs: number, unmatched: number): TraceMeta {
  const meta = new TraceMeta([
    ['page_size', String(PAGE_BYTES)],
    ['clock', `microseconds since the first call, at ${new Date(startUs / 1000).toISOString()}`],
    ['provenance', 'recorded'],
    ['provenance.pairing', 'inferred'],
    ['provenance.close', 'inferred'],
  ]);
  if (options.touches !== 'none') meta.set('provenance.touches', 'inferred');
  if (unmatched > 0)
    meta.set('note', `${unmatched} shared mappings of files or of segments not in the log are left out`);
  return meta;
}
