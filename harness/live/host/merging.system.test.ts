import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { reclaim } from '../../testing/cli.js';
import { temporaryFolder } from '../../testing/folder.js';
import { missingTestHost } from '../../testing/live.js';
import { cannot } from '../../testing/system.js';

const KSM = '/sys/kernel/mm/ksm';
const SETTINGS = ['run', 'pages_to_scan', 'smart_scan', 'max_page_sharing', 'sleep_millisecs'];

/** Why ksmd of this host cannot be compared; undefined where it can. */
function missingKsm(): string | undefined {
  const missing = missingTestHost();
  if (missing !== undefined) return missing;
  try {
    const sharing = Number(readFileSync(join(KSM, 'pages_sharing'), 'utf8'));
    readFileSync(join(KSM, 'smart_scan'));
    return sharing > 0 ? 'other programs share merged pages' : undefined;
  } catch {
    return 'its kernel has no smart scan';
  }
}

const missing = missingKsm();
if (missing !== undefined) cannot(`ksmd of this host: ${missing}`);

const folder = temporaryFolder('reclaim-merging-');

/** Equal pages in and across spaces, more than may share one, pages that are alone, and a write to merged ones. */
const TRACE = [
  ['0,spawn,1,,,', '0,spawn,2,,,'],
  ['0,map,1,1000,2048,anon', '0,madvise,1,1000,2048,MADV_MERGEABLE'],
  ['0,map,2,9000,1024,anon', '0,madvise,2,9000,1024,MADV_MERGEABLE'],
  ['0,write,1,1000,512,=1', '0,write,1,1512,512,=1000+', '0,write,1,2024,300,=7', '0,write,1,2324,200,'],
  ['0,write,2,9000,512,=1000+', '0,write,2,9512,13,=55'],
  ['10000000,mark,,,,settled', '10000000,write,1,1000,20,=99+', '20000000,mark,,,,again'],
].flat();

it
  .skipIf(missing !== undefined)
  .each(['pages_to_scan=2000', 'pages_to_scan=2000,smart_scan=0,max_page_sharing=64'])(
  'ksmd of this host agrees with the simulated one when it has settled: %s',
  (parameters) => {
    const path = join(folder(), 'trace.csv');
    writeFileSync(path, `time_us,op,space,page,count,arg\n${TRACE.join('\n')}\n`);
    const settings = () => SETTINGS.map((name) => readFileSync(join(KSM, name), 'utf8').trim());
    const before = settings();
    const { code, stdout } = reclaim(
      [
        'fidelity',
        path,
        '--machine',
        'host',
        '--runs',
        '1',
        '--policies',
        'keep',
        '--merge',
        `ksm:${parameters}`,
        '--format',
        'json',
      ],
      folder(),
    );
    expect(code).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: { metric: string; verdict: string }[] };
    // With smart scan, what is unshared depends on the pass.
    const others = rows.filter(({ verdict }) => verdict !== 'same').map(({ metric }) => metric);
    expect(rows.length).toBeGreaterThan(12);
    expect(
      others.filter((metric) => metric !== 'pages_unshared' || parameters.includes('smart_scan=0')),
    ).toEqual([]);
    expect(settings()).toEqual(before);
  },
);
