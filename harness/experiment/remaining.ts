const NS_PER_MS = 1e6;

/** What is known of the cells of one trace. */
interface OfTrace {
  /** What its cells are estimated to take. */
  plannedNs: number;
  /** Those of them that have finished, and the time they took. */
  finishedPlannedNs: number;
  finishedNs: number;
}

/**
 * How long the cells of an experiment will take that are left. The estimate of a cell is of another host, and of traces at
 * large: it is scaled by what finished cells of the same trace took; of all, where none has finished.
 */
export class Remaining {
  private readonly traces = new Map<number, OfTrace>();

  /** @param workers how many cells run at a time */
  constructor(private readonly workers: number) {}

  /** A cell of a trace is to run, in an estimated time. */
  planned(trace: number, estimateNs: number): void {
    const known = this.traces.get(trace) ?? { plannedNs: 0, finishedPlannedNs: 0, finishedNs: 0 };
    known.plannedNs += estimateNs;
    this.traces.set(trace, known);
  }

  /** A cell of a trace is done, in a time of 0 where it did not run. */
  finished(trace: number, estimateNs: number, ns: number): void {
    const known = this.traces.get(trace)!;
    if (ns === 0) {
      known.plannedNs -= estimateNs;
      return;
    }
    known.finishedPlannedNs += estimateNs;
    known.finishedNs += ns;
  }

  /** The time that is left, in ms; undefined while nothing has finished. */
  get ms(): number | undefined {
    const all = [...this.traces.values()];
    const sum = (of: (known: OfTrace) => number) => all.reduce((total, known) => total + of(known), 0);
    const finishedNs = sum((known) => known.finishedNs);
    if (finishedNs === 0) return undefined;
    const usual = finishedNs / sum((known) => known.finishedPlannedNs);
    const leftNs = sum(({ plannedNs, finishedPlannedNs, finishedNs: ns }) => {
      const factor = finishedPlannedNs > 0 ? ns / finishedPlannedNs : usual;
      return (plannedNs - finishedPlannedNs) * factor;
    });
    return leftNs / this.workers / NS_PER_MS;
  }
}
