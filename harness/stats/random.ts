import seedrandom from 'seedrandom';

/** A stream of numbers in [0, 1). */
export type RandomStream = () => number;

/**
 * A seeded stream of random numbers (Alea by J. Baagøe, 32 bits). One stream serves one purpose, so that a
 * further consumer never shifts the draws of another.
 *
 * @param purpose what the stream decides, for example `device/ssd`
 */
export function randomStream(seed: number, purpose: string): RandomStream {
  return seedrandom.alea(`${seed}/${purpose}`);
}
