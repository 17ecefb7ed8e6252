import { join } from 'node:path';
import { makeFolder } from '../base/folders.js';
import { Guard } from '../guard/guard.js';
import { restoreAbandoned } from '../guard/journal.js';

/**
 * Lets something work under a guard: what it changes on the host is as before afterwards, however this process ends.
 *
 * @param cache the cache folder
 * @param told hears what was restored of runs that were killed with their guards
 * @throws HostError where the guard does not start
 */
export async function withGuard<T>(
  cache: string,
  told: (line: string) => void,
  work: (guard: Guard) => Promise<T>,
): Promise<T> {
  const folder = join(cache, 'live');
  makeFolder(folder);
  for (const { said } of await restoreAbandoned(folder)) told(said);
  const guard = await Guard.start(folder);
  try {
    return await work(guard);
  } finally {
    await guard.finish();
  }
}
