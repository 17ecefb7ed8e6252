import { AccessBatch } from './source.js';

/** Lines of different CPUs may be out of order by some µs; this much later than another, none is. */
const WINDOW_US = 10_000;

/** Puts accesses in order that are out of it by less than the window, batch by batch. */
export class Reorder {
  private batch = new AccessBatch();
  private spare = new AccessBatch();
  private latest = Number.NEGATIVE_INFINITY;

  /** Takes an access. Where it returns true, `take` must be called before the next one. */
  add(timeUs: number, place: number, thread: number, page: number, kind: number): boolean {
    this.batch.add(timeUs, place, thread, page, kind);
    if (timeUs > this.latest) this.latest = timeUs;
    return this.batch.full;
  }

  /** The accesses that nothing can come before any more, in order. @param all whether no others come */
  take(all = false): AccessBatch {
    const { batch, spare } = this;
    const order = orderOf(batch);
    const until = all ? Number.POSITIVE_INFINITY : this.latest - WINDOW_US;
    let ready = 0;
    while (ready < order.length && batch.timeUs[order[ready]!]! <= until) ready++;
    // A batch that lies within the window whole: the earlier half of it.
    if (ready === 0) ready = order.length >> 1;
    const done = copied(batch, order.subarray(0, ready), new AccessBatch());
    this.batch = copied(batch, order.subarray(ready), spare);
    this.spare = batch;
    return done;
  }
}

/** Indices of a batch's accesses by time, then by place. */
function orderOf({ length, timeUs, place }: AccessBatch): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = 1; i < length; i++)
    if (timeUs[i]! < timeUs[i - 1]!)
      return order.sort((a, b) => timeUs[a]! - timeUs[b]! || place[a]! - place[b]!);
  return order;
}

function copied(from: AccessBatch, order: Uint32Array, to: AccessBatch): AccessBatch {
  to.length = 0;
  for (const i of order)
    to.add(from.timeUs[i]!, from.place[i]!, from.thread[i]!, from.page[i]!, from.kind[i]!, from.content[i]!);
  return to;
}
