import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startOf, thisBoot } from '../base/processes.js';
import { temporaryFolder } from '../testing/folder.js';
import type { Change } from './change.js';
import { settingOf } from './guard.js';
import {
  type Journal,
  journalPath,
  readJournal,
  restoreAbandoned,
  restoreJournal,
  writeJournal,
} from './journal.js';
import { isSwap } from './kernel.js';
import { restore } from './restore.js';

const folder = temporaryFolder('reclaim-restore-');
/** A process that has ended. */
const GONE = { pid: 2 ** 22 + 1, started: '1' };
const SELF = { pid: process.pid, started: startOf(process.pid)! };

/** A new folder with a file in it. */
function filled(name: string): string {
  const path = join(folder(), name);
  mkdirSync(path);
  writeFileSync(join(path, 'file'), 'x');
  return path;
}

/** Writes a journal of a owner in a folder of its own. Returns that folder. */
function abandoned(name: string, journal: Partial<Journal>): string {
  const path = join(folder(), name);
  mkdirSync(path);
  const whole = { boot: thisBoot(), owner: GONE, changes: [], ...journal };
  writeJournal(journalPath(path, whole.owner), whole);
  return path;
}

const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
});

/** Starts a process that ignores SIGTERM, or not. */
async function startProcess(ignores: boolean): Promise<Change & { kind: 'process' }> {
  const trap = ignores ? 'trap "" TERM; ' : '';
  const child = spawn('sh', ['-c', `${trap}echo ready; while :; do sleep 0.05; done`]);
  started.push(child.pid!);
  await new Promise((ready) => child.stdout.once('data', ready));
  return { kind: 'process', pid: child.pid!, started: startOf(child.pid!)! };
}

describe('restore', () => {
  it('removes folders, the last change first, and goes on after a failure', async () => {
    const first = filled('first');
    const busy = filled('busy');
    // A mount's folder is never removed with what it holds.
    const changes: Change[] = [
      { kind: 'folder', path: first },
      { kind: 'mount', path: busy },
    ];
    await expect(restore(changes)).rejects.toThrow(/ENOTEMPTY/);
    expect(existsSync(first)).toBe(false);
    expect(readdirSync(busy)).toEqual(['file']);
  });

  it('does nothing where the change was not made, or is restored already', async () => {
    const path = join(folder(), 'never');
    await restore([
      { kind: 'instance', path },
      { kind: 'mount', path },
      { kind: 'folder', path },
      { kind: 'process', ...GONE },
    ]);
  });

  it.each([false, true])('ends a process, by force where it ignores SIGTERM (%s)', async (ignores) => {
    const change = await startProcess(ignores);
    await restore([change]);
    expect(startOf(change.pid)).not.toBe(change.started);
  });

  it('leaves a process alone that has the number of an earlier one', async () => {
    const change = await startProcess(false);
    await restore([{ ...change, started: '1' }]);
    expect(startOf(change.pid)).toBe(change.started);
  });
});

describe('journals', () => {
  it('are removed when what they say is restored, and stay where it is not', async () => {
    const path = abandoned('stay', { changes: [{ kind: 'mount', path: filled('mounted') }] });
    const journal = journalPath(path, GONE);
    await expect(restoreJournal(journal)).rejects.toThrow(/ENOTEMPTY/);
    expect(readJournal(journal)?.changes).toHaveLength(1);
  });

  it('of owners that are gone with their guards are restored at the next start', async () => {
    const left = filled('left');
    const path = abandoned('gone', { guard: GONE, changes: [{ kind: 'folder', path: left }] });
    expect(await restoreAbandoned(path)).toMatchObject([{ pid: GONE.pid }]);
    expect(existsSync(left)).toBe(false);
    expect(readdirSync(path)).toEqual([]);
  });

  it('that were being written when their owner was killed are removed; those of others are not', async () => {
    const path = abandoned('begun', { changes: [] });
    const begun = (pid: number) => `.reclaim-${pid}-0a1b.tmp`;
    for (const pid of [GONE.pid, SELF.pid]) writeFileSync(join(path, begun(pid)), '');
    await restoreJournal(journalPath(path, GONE));
    expect(readdirSync(path)).toEqual([begun(SELF.pid)]);
    writeFileSync(join(path, begun(GONE.pid)), '');
    // Where there was no journal yet, too.
    expect(await restoreAbandoned(path)).toEqual([]);
    expect(readdirSync(path)).toEqual([begun(SELF.pid)]);
  });

  it('of owners or guards that are there are left to them', async () => {
    const left = filled('used');
    const changes: Change[] = [{ kind: 'folder', path: left }];
    expect(await restoreAbandoned(abandoned('owner', { owner: SELF, changes }))).toEqual([]);
    expect(await restoreAbandoned(abandoned('guard', { guard: SELF, changes }))).toEqual([]);
    expect(existsSync(left)).toBe(true);
  });

  it('of an earlier boot remove files alone, and say so: the kernel has forgotten the rest', async () => {
    const [left, mounted, cgroup] = [filled('before'), filled('mount-before'), join(folder(), 'cgroup')];
    const [setting, swap] = [join(folder(), 'setting'), join(folder(), 'swap')];
    mkdirSync(cgroup);
    writeFileSync(setting, 'of this boot');
    writeFileSync(swap, 'x');
    const changes: Change[] = [
      { kind: 'folder', path: left },
      { kind: 'mount', path: mounted },
      { kind: 'setting', path: setting, value: 'of the other boot' },
      { kind: 'cgroup', path: cgroup },
      { kind: 'swapfile', path: swap },
      { kind: 'process', ...SELF },
    ];
    const path = abandoned('boot', { boot: 'another', owner: SELF, changes });
    expect(await restoreAbandoned(path)).toEqual([
      {
        pid: SELF.pid,
        said: `what process ${SELF.pid} had left before this boot: swap file ${swap} removed, no setting written`,
      },
    ]);
    expect([left, swap].map((file) => existsSync(file))).toEqual([false, false]);
    expect([mounted, cgroup].map((file) => existsSync(file))).toEqual([true, true]);
    expect(readFileSync(setting, 'utf8')).toBe('of this boot');
  });

  it('of this boot restore a whole tree: settings to their oldest value, groups and files gone', async () => {
    const [setting, cgroup, swap] = ['restored', 'group', 'swapfile'].map((name) => join(folder(), name));
    mkdirSync(cgroup!);
    writeFileSync(setting!, 'third');
    writeFileSync(swap!, 'x');
    const changes: Change[] = [
      { kind: 'setting', path: setting!, value: 'first' },
      { kind: 'setting', path: setting!, value: 'second' },
      { kind: 'setting', path: join(folder(), 'no-setting'), value: '1' },
      { kind: 'swapfile', path: swap! },
      { kind: 'cgroup', path: cgroup! },
    ];
    const [one] = await restoreAbandoned(abandoned('tree', { changes }));
    expect(one!.said).toBe(`what process ${GONE.pid} had left of its run was restored`);
    expect(readFileSync(setting!, 'utf8')).toBe('first');
    expect([cgroup, swap, join(folder(), 'no-setting')].filter((file) => existsSync(file!))).toEqual([]);
  });
});

describe('what the kernel says', () => {
  it('of a setting with all choices is the one in brackets', () => {
    expect(settingOf('always [madvise] never\n')).toBe('madvise');
    expect(settingOf('100\n')).toBe('100');
  });

  it('of swap is a line a file or device', () => {
    const swaps = 'Filename\tType\n/dev/zram0   partition 1 0 -2\n/a\\040b file 1 0 -3\n';
    expect(['/dev/zram0', '/a b', '/dev/zram', 'Filename'].map((path) => isSwap(path, swaps))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
