import type { ReferenceBatch } from './reference.js';

/** Requests that a unit runs at once where there are many: the arrays of one push those of the others out of the caches. */
export const GROUP_REQUESTS = 2 ** 20;

/** Batches joined: all but the last have `GROUP_REQUESTS` requests. */
export type Group = ReferenceBatch;

/**
 * The batches of a string joined to larger ones.
 *
 * @param room where a group is to be written, for `GROUP_REQUESTS`: asked for once for each
 */
export async function* grouped(
  batches: AsyncIterable<ReferenceBatch>,
  room: () => Promise<Int32Array>,
): AsyncGenerator<Group, undefined> {
  let ids: Int32Array | undefined;
  let length = 0;
  let distinct = 0;
  for await (const batch of batches) {
    for (let from = 0; from < batch.length; ) {
      ids ??= await room();
      const taken = Math.min(batch.length - from, ids.length - length);
      ids.set(batch.ids.subarray(from, from + taken), length);
      from += taken;
      length += taken;
      ({ distinct } = batch);
      if (length < ids.length) continue;
      yield { ids, length, distinct };
      ids = undefined;
      length = 0;
    }
  }
  if (ids) yield { ids, length, distinct };
  return undefined;
}
