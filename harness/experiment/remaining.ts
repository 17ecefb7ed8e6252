const NS_PER_MS = 1e6;

/** What is known of the cells of one trace. */
interface OfTrace {
  events: number;
  /** Events of cells that have finished, and the time they took. */
  finishedEvents: number;
  finishedNs: number;
}

/**
 * How long the cells of an experiment will take that are left. Cells differ by orders of magnitude: each is weighed by the
 * events of its trace, and the time of an event is that of finished cells of the same trace; of all, where none has finished.
 */
export class Remaining {
  private readonly traces = new Map<number, OfTrace>();

  /** @param workers how many cells run at a time */
  constructor(private readonly workers: number) {}

  /** A cell of a trace is to run. */
  planned(trace: number, events: number): void {
    const known = this.traces.get(trace) ?? { events: 0, finishedEvents: 0, finishedNs: 0 };
    known.events += events;
    this.traces.set(trace, known);
  }

  /** A cell of a trace is done, in a time of 0 where it did not run. */
  finished(trace: number, events: number, ns: number): void {
    const known = this.traces.get(trace)!;
    if (ns === 0) {
      known.events -= events;
      return;
    }
    known.finishedEvents += events;
    known.finishedNs += ns;
  }

  /** The time that is left, in ms; undefined while nothing has finished. */
  get ms(): number | undefined {
    const all = [...this.traces.values()];
    const sum = (of: (known: OfTrace) => number) => all.reduce((total, known) => total + of(known), 0);
    const finishedNs = sum((known) => known.finishedNs);
    if (finishedNs === 0) return undefined;
    const usual = finishedNs / sum((known) => known.finishedEvents);
    const leftNs = sum(({ events, finishedEvents, finishedNs: ns }) => {
      const perEvent = finishedEvents > 0 ? ns / finishedEvents : usual;
      return (events - finishedEvents) * perEvent;
    });
    return leftNs / this.workers / NS_PER_MS;
  }
}
