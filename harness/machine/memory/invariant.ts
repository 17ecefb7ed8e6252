/** An invariant of the machine does not hold: a defect of this program, never of a trace. */
class BrokenInvariant extends Error {
  constructor(message: string) {
    super(`invariant broken: ${message}`);
    this.name = 'BrokenInvariant';
  }
}

/** @throws BrokenInvariant when a thing that always holds does not */
export function must(holds: boolean, message: () => string): void {
  if (!holds) throw new BrokenInvariant(message());
}
