import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostError, InputError } from '../base/errors.js';
import { FailingDisk, type Failure } from '../testing/disk.js';
import { memoryFolder } from '../testing/folder.js';
import { addFiles, checkFolder } from './adding.js';
import { DISK, type Disk } from './disk.js';
import { OutputFolder } from './folder.js';
import { LOCK } from './lock.js';
import { resultPath } from './owned.js';

let base: string;
let out: string;
beforeEach(() => {
  base = mkdtempSync(join(memoryFolder(), 'reclaim-output-'));
  out = join(base, 'out');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const ignore = () => undefined;
const cell = (digit: string) => `${digit.repeat(64)}.json`;
const open = (disk: Disk = DISK, force = false, note: (text: string) => void = ignore) =>
  OutputFolder.open(out, { replaces: true, force, note, disk });

/** Makes a run of two cells and three files, in one go. */
async function run(name: string, disk: Disk = DISK): Promise<void> {
  const folder = await open(disk);
  try {
    for (const digit of ['a', name]) folder.keepCell(cell(digit), `cell ${digit} of ${name}`);
    await folder.stage(new Map([['runs.csv', 'some of it']]));
    const files = new Map(
      ['runs.csv', 'timeline.csv', 'manifest.json'].map((file) => [file, `${file} of ${name}`]),
    );
    await folder.commit(files, (kept) => kept === cell('a') || kept === cell(name));
  } finally {
    folder.close();
  }
}

/** All files below a folder, with their contents. */
function contents(folder = out): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    names
      .filter((name) => !statSync(join(folder, name)).isDirectory())
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

/** What readers of results see. */
function seen(): string[] {
  return ['runs.csv', 'timeline.csv', 'manifest.json'].map((name) => {
    const path = resultPath(out, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  });
}
const WHOLE = (name: string) =>
  ['runs.csv', 'timeline.csv', 'manifest.json'].map((file) => `${file} of ${name}`);

/** How many changes a run makes where there was one before. */
async function changesOfRun(): Promise<number> {
  await run('1');
  const disk = new FailingDisk(Number.POSITIVE_INFINITY, 'crash');
  await run('2', disk);
  rmSync(out, { recursive: true });
  return disk.changes;
}

describe('a run that takes its place', () => {
  it('replaces the files of the run before, and nothing else is left', async () => {
    await run('1');
    await run('2');
    expect(Object.keys(contents())).toEqual([
      `cells/${cell('2')}`,
      `cells/${cell('a')}`,
      'files.json',
      'manifest.json',
      'runs.csv',
      'timeline.csv',
    ]);
    expect(seen()).toEqual(WHOLE('2'));
  });

  it('is there whole or not at all after a crash at any change, and the next run is as if nothing had been', async () => {
    const changes = await changesOfRun();
    expect(changes).toBeGreaterThan(30);
    await run('1');
    await run('2');
    const expected = contents();
    rmSync(out, { recursive: true });
    for (let at = 0; at < changes; at++) {
      await run('1');
      const disk = new FailingDisk(at, 'crash');
      try {
        await run('2', disk);
      } catch {
        // It has crashed.
      }
      expect(disk.failed).toBe(true);
      expect([WHOLE('1'), WHOLE('2')], String(at)).toContainEqual(seen());
      // The process is alive, and its lock with it: as if it had ended.
      rmSync(join(out, LOCK), { force: true });
      (await open()).close();
      expect([WHOLE('1'), WHOLE('2')], String(at)).toContainEqual(seen());
      await run('2');
      expect(contents(), String(at)).toEqual(expected);
      rmSync(out, { recursive: true });
    }
  });

  it.each<Failure>(['ENOSPC', 'EDQUOT', 'EIO'])(
    'costs nothing of the run before at %s of any change',
    async (failure) => {
      const changes = await changesOfRun();
      for (let at = 0; at < changes; at++) {
        await run('1');
        try {
          await run('2', new FailingDisk(at, failure));
        } catch (error) {
          expect(error, String(at)).toBeInstanceOf(HostError);
          expect((error as Error).message).toContain(out);
        }
        expect([WHOLE('1'), WHOLE('2')], String(at)).toContainEqual(seen());
        rmSync(join(out, LOCK), { force: true });
        await run('3');
        expect(seen()).toEqual(WHOLE('3'));
        expect(Object.keys(contents())).toHaveLength(6);
        rmSync(out, { recursive: true });
      }
    },
  );

  it('keeps finished cells of one that has not, also without --resume', async () => {
    await run('1');
    const before = contents();
    const folder = await open();
    folder.keepCell(cell('b'), 'b');
    folder.close();
    expect(readFileSync(join(out, 'unfinished', 'cells', cell('b')), 'utf8')).toBe('b');
    const again = await open();
    expect([...again.cells().keys()].sort()).toEqual([cell('1'), cell('a'), cell('b')]);
    again.keepCell(cell('c'), 'c');
    again.close();
    expect((await open()).cells().get(cell('b'))?.()).toBe('b');
    for (const [name, content] of Object.entries(before))
      expect(readFileSync(join(out, name), 'utf8')).toBe(content);
  });

  it('goes on where it was interrupted, whatever the names of its files', async () => {
    const folder = await open();
    folder.keepCell(cell('b'), 'b');
    await folder.stage(new Map([['some.csv', 'so far']]));
    folder.close();
    const again = await open();
    await again.stage(new Map([['other.csv', '']]));
    again.close();
    await run('1');
    expect(seen()).toEqual(WHOLE('1'));
    expect(existsSync(join(out, 'unfinished'))).toBe(false);
  });

  it('returns no cell of it that was edited since, also with --force', async () => {
    await run('1');
    writeFileSync(join(out, 'cells', cell('1')), 'edited');
    const folder = await open(DISK, true);
    expect([...folder.cells()].map(([name, read]) => [name, read()])).toEqual([
      [cell('1'), ''],
      [cell('a'), 'cell a of 1'],
    ]);
    folder.close();
  });

  it('can be interrupted at any step: the run of before, or the new one, is whole', async () => {
    for (let at = 0, stopped = true; stopped; at++) {
      await run('1');
      const abort = new AbortController();
      const disk = new FailingDisk(Number.POSITIVE_INFINITY, 'crash', (change) => {
        if (change === at) abort.abort();
      });
      const folder = await open(disk);
      folder.keepCell(cell('2'), 'cell 2');
      const files = new Map(
        ['runs.csv', 'timeline.csv', 'manifest.json'].map((name) => [name, [`${name} `, 'of 2']]),
      );
      const isComplete = await folder.commit(files, () => true, abort.signal);
      stopped = abort.signal.aborted;
      expect(seen(), String(at)).toEqual(WHOLE(isComplete ? '2' : '1'));
      if (!isComplete) expect(folder.hasUnfinishedCells()).toBe(true);
      folder.close();
      (await open()).close();
      expect(seen(), String(at)).toEqual(WHOLE(isComplete ? '2' : '1'));
      rmSync(out, { recursive: true });
    }
  });

  it('is not written into a folder that has taken the place of its own', async () => {
    const folder = await open();
    folder.keepCell(cell('1'), '1');
    renameSync(out, join(base, 'moved'));
    mkdirSync(join(out, 'unfinished', 'cells'), { recursive: true });
    expect(() => folder.keepCell(cell('2'), '2')).toThrow(HostError);
    await expect(folder.stage(new Map([['runs.csv', '']]))).rejects.toThrow(HostError);
    await expect(folder.commit(new Map([['runs.csv', '']]), () => true)).rejects.toThrow(HostError);
    folder.close();
    expect(readdirSync(join(out, 'unfinished', 'cells'))).toEqual([]);
  });

  it('leaves no trace where no cell has finished', async () => {
    const folder = await open();
    await folder.stage(new Map([['runs.csv', '']]));
    folder.close();
    expect(existsSync(out)).toBe(false);
    mkdirSync(out);
    (await open()).close();
    expect(readdirSync(out)).toEqual([]);
  });
});

describe('a folder with files of others', () => {
  const theirs: Readonly<Record<string, string>> = {
    'cells/thesis.txt': 'thesis',
    [`cells/${cell('f')}`]: '{}',
    'heatmap.csv': 'theirs',
    'figures/deep/er/photo.png': 'photo',
  };
  function write(files: Readonly<Record<string, string>>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(out, name, '..'), { recursive: true });
      writeFileSync(join(out, name), content);
    }
  }

  it('is refused with the first of them, and none is touched', async () => {
    write(theirs);
    await expect(open()).rejects.toThrow(
      new RegExp(`^${join(out, 'cells', cell('f'))}: reclaim has not written this file`),
    );
    expect(contents()).toEqual(theirs);
  });

  it('keeps them with --force, through two runs', async () => {
    write(theirs);
    for (const name of ['1', '2']) {
      const folder = await open(DISK, true);
      folder.keepCell(cell(name), name);
      await folder.commit(new Map([['manifest.json', name]]), () => true);
      folder.close();
      expect(contents()).toMatchObject({ ...theirs, 'manifest.json': name });
    }
  });

  it('keeps one whose name is needed even then', async () => {
    await run('1');
    writeFileSync(join(out, 'runs.csv'), 'edited');
    await expect(open()).rejects.toThrow(
      /runs\.csv: reclaim has not written this file, or it was changed since/,
    );
    const folder = await open(DISK, true);
    folder.keepCell(cell('2'), '2');
    await expect(folder.commit(new Map([['runs.csv', 'new']]), () => true)).rejects.toThrow(InputError);
    folder.close();
    expect(readFileSync(join(out, 'runs.csv'), 'utf8')).toBe('edited');
    expect(readFileSync(join(out, 'unfinished', 'cells', cell('2')), 'utf8')).toBe('2');
  });

  it('is known by content: a list of files says nothing about others of their names', async () => {
    await run('1');
    const list = readFileSync(join(out, 'files.json'), 'utf8');
    rmSync(out, { recursive: true });
    write({ 'files.json': list, 'runs.csv': 'of the user' });
    await expect(open()).rejects.toThrow(/runs\.csv: reclaim has not written/);
    write({ 'files.json': 'not a list' });
    await expect(open()).rejects.toThrow(/files\.json: reclaim has not written/);
  });

  it('has a folder of the name unfinished that is not ours', async () => {
    write({ 'unfinished/runs.csv': 'mine' });
    await expect(open()).rejects.toThrow(/unfinished\/runs\.csv: reclaim has not written/);
    await expect(open(DISK, true)).rejects.toThrow(/unfinished: reclaim has not made this folder/);
    expect(contents()).toEqual({ 'unfinished/runs.csv': 'mine' });
  });

  it('has links out of it', async () => {
    mkdirSync(join(base, 'elsewhere'));
    mkdirSync(out);
    symlinkSync(join(base, 'elsewhere'), join(out, 'cells'));
    await expect(open()).rejects.toThrow(/out\/cells: reclaim has not written/);
    const folder = await open(DISK, true);
    folder.keepCell(cell('1'), '1');
    await expect(folder.commit(new Map(), () => true)).rejects.toThrow(/cells/);
    folder.close();
    expect(readdirSync(join(base, 'elsewhere'))).toEqual([]);
  });

  it('does not count empty folders, or a link to the folder itself', async () => {
    mkdirSync(join(base, 'real', 'empty', 'deep'), { recursive: true });
    symlinkSync(join(base, 'real'), out);
    await run('1');
    expect(seen()).toEqual(WHOLE('1'));
  });
});

describe('files that are added', () => {
  it('replace those that are ours, and go with the run', async () => {
    await run('1');
    for (const text of ['old', 'new']) await addFiles(out, new Map([['figures/a.svg', text]]), ignore);
    expect(readFileSync(join(out, 'figures', 'a.svg'), 'utf8')).toBe('new');
    await run('2');
    expect(existsSync(join(out, 'figures'))).toBe(false);
  });

  it('never replace those of others', async () => {
    mkdirSync(out);
    writeFileSync(join(out, 'perf.csv'), 'mine');
    await expect(addFiles(out, new Map([['perf.csv', 'ours']]), ignore)).rejects.toThrow(
      /perf\.csv: reclaim has not written/,
    );
    await addFiles(out, new Map([['runs.csv', 'ours']]), ignore);
    expect(contents()).toMatchObject({ 'perf.csv': 'mine', 'runs.csv': 'ours' });
  });

  it('are ours also after a crash at any change', async () => {
    for (let at = 0, failed = true; failed; at++) {
      await run('1');
      await addFiles(out, new Map([['report.html', 'old']]), ignore);
      const disk = new FailingDisk(at, 'crash');
      try {
        const folder = await OutputFolder.open(out, { replaces: false, disk });
        await folder.add(new Map([['report.html', 'new']]));
        folder.close();
      } catch {
        // It has crashed.
      }
      failed = disk.failed;
      expect(['old', 'new']).toContain(readFileSync(join(out, 'report.html'), 'utf8'));
      rmSync(join(out, LOCK), { force: true });
      await run('2');
      expect(seen()).toEqual(WHOLE('2'));
      expect(existsSync(join(out, 'report.html'))).toBe(false);
      rmSync(out, { recursive: true });
    }
  });
});

describe('one writer at a time', () => {
  const holder = async (values: object) => {
    rmSync(out, { recursive: true, force: true });
    const folder = await open();
    const lock = JSON.parse(readFileSync(join(out, LOCK), 'utf8'));
    folder.close();
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, LOCK), JSON.stringify({ ...lock, ...values }));
  };

  it('a second one is refused, with the process and host of the first', async () => {
    const first = await open();
    const text = `another reclaim writes here: process ${process.pid} on ${hostname()}`;
    await expect(open()).rejects.toThrow(`${out}: ${text}`);
    await expect(checkFolder(out)).rejects.toThrow(text);
    first.close();
    (await open()).close();
  });

  it.each([
    ['that process is gone', { pid: 2 ** 22 + 1, started: '1' }],
    ['that process is gone, another one has its number', { started: '1' }],
    ['the host has been started again since', { boot: 'another' }],
  ])('a lock is stale where %s', async (reason, values) => {
    await holder(values);
    const notes: string[] = [];
    const folder = await open(DISK, false, (text) => notes.push(text));
    expect(notes).toEqual([expect.stringContaining(`is stale (${reason}) and is taken over`)]);
    await expect(open()).rejects.toThrow('another reclaim writes here');
    folder.close();
    expect(existsSync(out)).toBe(true);
    expect(readdirSync(out)).toEqual([]);
  });

  it('one of another host, or of another namespace of processes, is not taken over', async () => {
    for (const values of [
      { host: 'elsewhere', pid: 1 },
      { namespace: 'another', pid: 2 ** 22 + 1 },
    ]) {
      await holder(values);
      await expect(open()).rejects.toThrow(
        /which cannot be looked up from here; if it has ended, remove .*\.reclaim-lock$/,
      );
    }
  });

  it('one that cannot be read is not guessed at', async () => {
    mkdirSync(out);
    writeFileSync(join(out, LOCK), '');
    await expect(open()).rejects.toThrow(/\.reclaim-lock: cannot be read as a lock/);
  });

  it('works where the file system has no hard links', async () => {
    const disk: Disk = {
      ...DISK,
      link() {
        throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
      },
    };
    const folder = await open(disk);
    await expect(open(disk)).rejects.toThrow('another reclaim writes here');
    folder.close();
  });
});

describe('what goes wrong with a folder is one line', () => {
  it('where it is a file, below one, a broken link, or cannot be made', async () => {
    writeFileSync(out, '');
    await expect(open()).rejects.toThrow(`${out}: results cannot be written there: this is a file`);
    out = join(out, 'deep');
    await expect(open()).rejects.toThrow('part of this path is not a directory');
    out = join(base, 'link');
    symlinkSync(join(base, 'nowhere'), out);
    await expect(open()).rejects.toThrow(
      /link: results cannot be written there: is there already as something else/,
    );
    out = '/proc/none';
    await expect(open()).rejects.toThrow('/proc/none: results cannot be written there');
  });

  it('where it is removed while it is in use', async () => {
    const folder = await open();
    folder.keepCell(cell('1'), '1');
    cpSync(out, join(base, 'copy'), { recursive: true });
    rmSync(out, { recursive: true });
    expect(() => folder.keepCell(cell('2'), '2')).toThrow(
      /out(\/unfinished(\/cells)?)?: this folder was removed while it was in use$/,
    );
    await expect(folder.commit(new Map(), () => true)).rejects.toThrow(HostError);
    folder.close();
    expect(existsSync(out)).toBe(false);
  });

  it('where another process has its lock by then', async () => {
    const folder = await open();
    folder.keepCell(cell('1'), '1');
    writeFileSync(join(out, LOCK), '{}');
    await expect(folder.commit(new Map(), () => true)).rejects.toThrow(
      'the lock of this folder was removed or taken',
    );
    folder.close();
    expect(existsSync(join(out, LOCK))).toBe(true);
  });
});
