/** Something that acts at moments of its own. */
export interface Actor {
  /** When it acts next, in µs; infinite when it is done. Never decreases. */
  readonly nextUs: number;
  /** Decides between actors of the same moment: the lowest first. */
  readonly rank: number;
}

function before(a: Actor, b: Actor): boolean {
  return a.nextUs < b.nextUs || (a.nextUs === b.nextUs && a.rank < b.rank);
}

/** Actors in the order in which they act: a binary heap. */
export class TimeQueue<T extends Actor> {
  private readonly heap: T[] = [];

  constructor(actors: Iterable<T>) {
    for (const actor of actors) this.add(actor);
  }

  /** The actor that is next; undefined when all are done. */
  get first(): T | undefined {
    const first = this.heap[0];
    return first === undefined || first.nextUs === Number.POSITIVE_INFINITY ? undefined : first;
  }

  /** To be called when the first actor has acted: its next moment counts now. */
  acted(): void {
    const { heap } = this;
    const actor = heap[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, actor)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = actor;
  }

  private add(actor: T): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(actor);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(actor, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = actor;
  }
}
