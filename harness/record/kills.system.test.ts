import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folder.js';
import { type Killed, killOne, VICTIMS, type Victim } from '../testing/record-kills.js';
import { cannot } from '../testing/system.js';
import { lookUp } from './process.js';
import { mountedTracefs, whyNoTracefs } from './tracefs/mount.js';

/** Recordings at one time: most of it they wait. */
const AT_ONCE = 5;

const noTracefs = whyNoTracefs();
if (noTracefs !== undefined) cannot(`kills of a recording as root: ${noTracefs}`);
const noUser = ['setpriv', 'strace', 'perf'].find((name) => lookUp(name) === undefined);
const isUserPossible = process.getuid?.() === 0 && noUser === undefined;
if (!isUserPossible) cannot(`kills of a recording as another user: ${noUser ?? 'root is needed'}`);

const folder = temporaryFolder('reclaim-record-kills-');

async function killAll(seeds: readonly number[], user: boolean): Promise<Killed[]> {
  chmodSync(folder(), 0o755);
  const waiting = [...seeds];
  // As root there are no other processes that record.
  const victims: readonly Victim[] = user ? VICTIMS : VICTIMS.filter((each) => each !== 'helper');
  const found: Killed[] = [];
  const work = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const victim = victims[seed % victims.length]!;
      found.push(await killOne(join(folder(), `${user}-${seed}`), seed, victim, user, mountedTracefs()));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

/** What a kill must not come to. */
function failures(found: readonly Killed[]): Killed[] {
  return found.filter(({ left, wentOn }) => left.length > 0 || wentOn === false);
}

const seeds = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

describe('kill -9 of a process of a recording', () => {
  it.skipIf(noTracefs !== undefined)('as root leaves nothing behind, and the program goes on', async () => {
    const found = await killAll(seeds(1, 12), false);
    expect(failures(found)).toEqual([]);
    expect(found.filter(({ hit, wentOn }) => hit && wentOn).length).toBeGreaterThan(0);
  });

  it.skipIf(!isUserPossible)('as another user leaves nothing behind, and the program goes on', async () => {
    const found = await killAll(seeds(101, 8), true);
    expect(failures(found)).toEqual([]);
    expect(found.filter(({ hit, wentOn }) => hit && wentOn).length).toBeGreaterThan(0);
  });
});
