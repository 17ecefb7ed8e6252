import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/folder.js';
import { missingTestHost, missingVm } from '../../testing/live.js';
import { type KilledRun, killLiveRun, LIVE_VICTIMS } from '../../testing/live-kills.js';
import { cannot } from '../../testing/system.js';
import { missingSwap } from './swap.js';

const KILLS = 20;
const missing = missingTestHost() ?? missingSwap('zram');
if (missing !== undefined) cannot(`kills of a live run: ${missing}`);

const missingMachine = missingVm();
if (missingMachine !== undefined) cannot(`Ctrl-C of a virtual machine: ${missingMachine}`);

const folder = temporaryFolder('reclaim-live-kills-');

/** A run of some seconds under a limit, with swap, ksmd and a fork. */
const TRACE = [
  '0,spawn,1,,,',
  '0,map,1,1000,2048,anon',
  '0,madvise,1,1000,2048,MADV_MERGEABLE',
  '0,write,1,1000,2048,=1+',
  '500000,fork,1,,,2',
  ...Array.from({ length: 12 }, (_, i) => `${(i + 1) * 500_000},write,${1 + (i % 2)},1000,2048,=${i}+`),
];

/** A shell makes 130 of it. */
const INTERRUPTED = { hit: true, ended: 'SIGINT', left: [] };
const LIMITED = ['--limit', '1024p', '--swap', 'zram', '--quiet'];

/** The arguments of a live run of the trace, which is written to a file. */
function runOn(machine: 'vm' | 'host', more: readonly string[] = []): string[] {
  const path = join(folder(), 'trace.csv');
  writeFileSync(path, `time_us,op,space,page,count,arg\n${TRACE.join('\n')}\n`);
  return ['replay', path, '--machine', machine, ...LIMITED, ...more];
}

it.skipIf(missing !== undefined)('kill -9 of a process of a live run leaves nothing behind', async () => {
  const args = runOn('host', ['--merge', 'ksm']);
  const found: KilledRun[] = [];
  // One after another: swap and ksmd are one for all.
  for (let seed = 1; seed <= KILLS; seed++)
    found.push(await killLiveRun(folder(), seed, LIVE_VICTIMS[seed % LIVE_VICTIMS.length]!, args));
  expect(found.filter(({ left }) => left.length > 0)).toEqual([]);
  expect(new Set(found.filter(({ hit }) => hit).map(({ victim }) => victim)).size).toBe(LIVE_VICTIMS.length);
});

it.skipIf(missing !== undefined)('Ctrl-C ends a run on this host, and leaves nothing behind', async () => {
  for (let seed = 1; seed <= 3; seed++)
    expect(await killLiveRun(folder(), seed, 'owner', runOn('host'), 'SIGINT')).toMatchObject(INTERRUPTED);
});

it.skipIf(missingMachine !== undefined)('Ctrl-C ends a virtual machine that boots', async () => {
  const kernel = process.env.RECLAIM_TEST_KERNEL ? ['--kernel', process.env.RECLAIM_TEST_KERNEL] : [];
  for (let seed = 3; seed <= 6; seed += 3)
    expect(await killLiveRun(folder(), seed, 'owner', runOn('vm', kernel), 'SIGINT')).toMatchObject(
      INTERRUPTED,
    );
});
