import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lookUp } from '../record/process.js';
import { whyNoTracefs } from '../record/tracefs/mount.js';
import { CiRepository } from '../testing/ci.js';
import { cannot } from '../testing/system.js';

/** The system's own: one that a version manager puts before it starts dozens of programs. */
const PYTHON = '/usr/bin/python3';

const missing = whyNoTracefs() ?? (lookUp(PYTHON) === undefined ? `not found: ${PYTHON}` : undefined);
if (missing !== undefined) cannot(`gating a program that is recorded: ${missing}`);

/** A pool in shared memory: 400 blocks of 16 pages are written, and some are dropped, as when their table is. */
const POOL = `
import mmap, os, time
DROPS = 200
fd = os.memfd_create('pool')
os.ftruncate(fd, 400 * 65536)
pool = mmap.mmap(fd, 400 * 65536)
for block in range(400):
    pool[block * 65536:(block + 1) * 65536] = bytes([1]) * 65536
for block in range(DROPS):
    pool.madvise(mmap.MADV_REMOVE, block * 65536, 65536)
    time.sleep(0.001)
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-own-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const TIMEOUT_MS = 600_000;

it('a gate from reclaim init ci passes ten recordings of a program, and fails when it gives back 5 % less', {
  skip: missing !== undefined,
  timeout: TIMEOUT_MS,
}, () => {
  const record = `rm -f pool.rtrace && reclaim record pool.rtrace -- ${PYTHON} pool.py 2> record.log`;
  const repository = new CiRepository(folder, record);
  writeFileSync(join(folder, 'pool.py'), POOL);
  expect(repository.shell('reclaim init ci').code).toBe(0);
  repository.makeBaseline();
  for (let run = 0; run < 10; run++) {
    const { code, stdout, stderr } = repository.runWorkflow();
    expect([run, code], stdout + stderr).toEqual([run, 0]);
  }
  writeFileSync(join(folder, 'pool.py'), POOL.replace('DROPS = 200', 'DROPS = 190'));
  const { code, stdout } = repository.runWorkflow();
  expect(code).toBe(1);
  expect(stdout).toMatch(/^pool limit=none .*discard=remove$/m);
  expect(stdout).toMatch(/failure: changed: discard_pages 3200 → 3040 \(-5\.0 %\), tolerance 2 % or 8 pages/);
  expect(stdout).toMatch(
    /^ {2}\$ reclaim replay .*pool\.rtrace --limit none --swap ssd --discard remove --readahead off$/m,
  );
});

/** Prints a recording of a pool that drops some blocks: as those of a real one, no two are the same. */
const PRINTED_POOL = `
const drops = Number(process.argv[2] ?? 100);
const lines = ['# provenance: recorded', '# touches: first-access', 'time_us,op,space,page,count,arg'];
lines.push('0,spawn,1,,,pool', '0,object,,,3200,shmem:pool', '0,map,1,0,3210,anon', '0,map,1,10000,3200,shared:pool@0');
let time = 0;
const wait = () => (time += 100 + Math.floor(Math.random() * 1900));
lines.push(\`\${time},write,1,0,\${5 + Math.floor(Math.random() * 3)},\`);
for (let block = 0; block < 200; block++) lines.push(\`\${wait()},write,1,\${10000 + block * 16},16,\`);
for (let block = 0; block < drops; block++) lines.push(\`\${wait()},discard,1,\${10000 + block * 16},16,\`);
lines.push(\`\${wait()},mark,,,,end\`);
console.log(lines.join('\\n'));
`;

it('a gate from reclaim init ci passes when a program is recorded again, and fails with the cell, the number and the command for 5 % less given back', () => {
  const record =
    'node pool.mjs $DROPS > pool.csv && reclaim trace convert pool.csv pool.rtrace > convert.log';
  const repository = new CiRepository(folder, record);
  const made = repository.shell(`reclaim init ci && cat > pool.mjs << 'END'\n${PRINTED_POOL}\nEND`);
  expect([made.code, made.stderr]).toEqual([0, '']);
  repository.makeBaseline();
  const again = repository.runWorkflow();
  expect([again.code, again.stdout.split('\n').at(-2)]).toEqual([0, expect.stringMatching(/^pass: /)]);
  const worse = repository.shell('sed -i "s/?? 100/?? 95/" pool.mjs');
  expect(worse.code).toBe(0);
  const { code, stdout } = repository.runWorkflow();
  expect(code).toBe(1);
  expect(stdout).toMatch(/failure: changed: discard_pages 1600 → 1520 \(-5\.0 %\), tolerance 2 % or 8 pages/);
  expect(stdout).toMatch(/^pool limit=none .*discard=remove$/m);
  expect(stdout).toMatch(
    /^ {2}\$ reclaim replay .*pool\.rtrace --limit none --swap ssd --discard remove --readahead off$/m,
  );
});
