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

/**
 * What does not hold, where a loop over all pages has looked: a function for the message, as `must` takes, would cost each turn
 * of the loop an object for what it refers to.
 *
 * @throws BrokenInvariant
 */
export function broken(message: string): never {
  throw new BrokenInvariant(message);
}
