// Policies of your own, loaded with --policy-module. Arrays name them: discard, reclaim, merge, purge, and workloads and readers
// besides. Each entry says what it is, its parameters (name:key=value on the command line), and how one is created for a replay.

const PAGES_PER_MIB = 256;

/**
 * A discard policy: what a program does with contents that it does not need any more. This one retains some of them, as allocators
 * do: a range waits until more than `keep` wait, or for `after`, then the oldest is given back with MADV_DONTNEED.
 * On shared memory that call frees nothing: use MADV_REMOVE there.
 */
class Retain {
  /** Ranges that wait, the oldest first. */
  waiting = [];
  pages = 0;

  constructor({ kernel, clock, values }) {
    this.kernel = kernel;
    this.clock = clock;
    this.keep = values.keep;
    this.afterUs = values.after;
    this.advice = values.advice;
  }

  /** The program does not need these contents any more. */
  discard(range) {
    this.forget(range);
    this.waiting.push({ ...range, sinceUs: this.clock.nowUs });
    this.pages += range.count;
    while (this.pages > this.keep) this.giveBack(this.pages - this.keep);
    // The clock is that of the trace. It calls back between two events.
    if (this.afterUs > 0) this.clock.at(this.clock.nowUs + this.afterUs, () => this.giveBackOld());
  }

  /** Contents that the program could make again, and does not need now: left alone. */
  unpin() {}

  /** Needed again: nothing of it was given back. */
  pin() {}

  /** Memory is short, and programs are told: half of what waits goes, or all. */
  pressure(level) {
    const least = level === 'critical' ? 0 : Math.floor(this.pages / 2);
    while (this.pages > least) this.giveBack(this.pages - least);
  }

  /** Whether `beforeWrite` is wanted: memory that is used again must not be given back later. */
  get watchesWrites() {
    return this.waiting.length > 0;
  }

  beforeWrite(range) {
    this.forget(range);
  }

  /** Pages are about to be unmapped, or mapped again. */
  unmapped(range) {
    this.forget(range);
  }

  /** Pages have other addresses now: what waited there is not followed. */
  moved(range) {
    this.forget(range);
  }

  /** Gives back what has waited for long enough. */
  giveBackOld() {
    const since = this.clock.nowUs - this.afterUs;
    while (this.waiting.length > 0 && this.waiting[0].sinceUs <= since) this.giveBack(this.pages);
  }

  /** Gives back the oldest range, or its first pages where it has more than that. */
  giveBack(most) {
    const { space, page, count, sinceUs } = this.waiting.shift();
    const given = Math.min(count, most);
    if (given < count) this.waiting.unshift({ space, page: page + given, count: count - given, sinceUs });
    this.pages -= given;
    this.kernel.madvise({ space, page, count: given }, this.advice);
  }

  /** Cuts a range out of those that wait. */
  forget({ space, page, count }) {
    this.waiting = this.waiting.flatMap((range) => {
      if (range.space !== space || range.page + range.count <= page || page + count <= range.page)
        return [range];
      const end = page + count;
      const before = { ...range, count: Math.max(0, page - range.page) };
      const after = { ...range, page: end, count: Math.max(0, range.page + range.count - end) };
      return [before, after].filter((rest) => rest.count > 0);
    });
    this.pages = this.waiting.reduce((sum, range) => sum + range.count, 0);
  }
}

export const discard = [
  {
    name: 'retain',
    summary: 'keeps what was discarded last, up to an amount, and gives back the oldest of it above that',
    source: 'an example: allocators retain freed memory',
    parameters: {
      keep: { kind: 'size', default: 8 * PAGES_PER_MIB, min: 0, meaning: 'pages that wait (default 8 MiB)' },
      after: {
        kind: 'duration',
        default: 0,
        meaning: 'time of the trace after which a range is given back anyway, as in 10s (0: never)',
      },
      advice: {
        kind: 'choice',
        default: 'MADV_DONTNEED',
        choices: ['MADV_DONTNEED', 'MADV_REMOVE', 'MADV_FREE'],
        meaning: 'the call that gives back',
      },
    },
    create: (context) => new Retain(context),
  },
];

/** A reclaim policy: which page is evicted when memory is short. This one evicts the oldest, except that a used one has a second chance. */
class SecondChance {
  /** All of these must be numbers, and pgscan may only grow. */
  counters = { pgscan: 0 };
  /** Pages in the order in which they came in: a Set keeps it. */
  queue = new Set();

  constructor(pages) {
    this.pages = pages;
  }

  /** Writes the ids of victims, best first, and returns how many: at least one while there is any page. */
  evict(victims, wanted) {
    let found = 0;
    for (const id of this.queue) {
      if (found === wanted) break;
      this.counters.pgscan++;
      this.queue.delete(id);
      // Used since it was last looked at: to the end of the queue, where this loop meets it again.
      if (this.pages.referenced(id) > 0) this.queue.add(id);
      else victims[found++] = id;
    }
    return found;
  }

  insert(id) {
    this.queue.add(id);
  }

  /** This victim could not go: it is still in memory. */
  reject(id) {
    this.queue.add(id);
  }

  /** Its contents are gone, or it was locked. Ids that are not known are ignored. */
  remove(id) {
    this.queue.delete(id);
  }

  resize() {}
  grow() {}
}

export const reclaim = [
  {
    name: 'second-chance',
    summary: 'first in, first out, with a second chance for pages that were used',
    source: 'an example: Corbató 1968',
    complexity: 'O(1)',
    parameters: {},
    create: (pages) => new SecondChance(pages),
  },
];
