import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-own-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
  expect(stdout).toMatch(/^ {2}\$ reclaim replay .*pool\.rtrace --limit none --swap ssd --discard remove$/m);
});
