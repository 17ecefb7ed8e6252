import type { Round } from './part.js';
import { LANES } from './parts.js';

/** What the process of a part tells the campaign: the seed it begins with, and then what came of it. */
export type Told = { readonly seed: number } | { readonly seed: number; readonly round: Round };

/** Tries the seeds from `first` on in this process until there are no more or time is over. */
async function tryAll(
  name: string,
  folder: string,
  first: number,
  seeds: number,
  end: number,
): Promise<void> {
  const entry = LANES.flat().find((part) => part.name === name)!;
  const tell = (told: Told) => process.send?.(told);
  tell({ seed: first });
  const part = await entry.open(folder);
  for (let seed = first; seed < first + seeds && Date.now() < end; seed++) {
    tell({ seed });
    tell({ seed, round: await part(seed) });
    // The channel is written between rounds.
    await new Promise(setImmediate);
  }
}

// The campaign has been killed: there is no one to tell.
process.on('disconnect', () => process.exit());
const [name, folder, ...numbers] = process.argv.slice(2);
const [first, seeds, end] = numbers.map(Number);
await tryAll(name!, folder!, first!, seeds!, end!);
process.disconnect?.();
