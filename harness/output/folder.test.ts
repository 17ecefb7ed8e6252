import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostError, InputError } from '../base/errors.js';
import { FailingDisk, type Failure } from '../testing/disk.js';
import { DISK, type Disk } from './disk.js';
import { addFiles, checkFolder, OutputFolder } from './folder.js';
import { LOCK } from './lock.js';
import { resultPath } from './owned.js';

let base: string;
let out: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'reclaim-output-'));
  out = join(base, 'out');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const ignore = () => undefined;
const cell = (digit: string) => `${digit.repeat(64)}.json`;
const open = (disk: Disk = DISK, force = false, note: (text: string) => void = ignore) =>
  OutputFolder.open(out, { replaces: true, force, note, disk });

/** Makes a run of two cells and three files, in one go. */
function run(name: string, disk: Disk = DISK): void {
  const folder = open(disk);
  try {
    for (const digit of ['a', name]) folder.keepCell(cell(digit), `cell ${digit} of ${name}`);
    folder.stage(new Map([['runs.csv', 'some of it']]));
    const files = new Map(
      ['runs.csv', 'timeline.csv', 'manifest.json'].map((file) => [file, `${file} of ${name}`]),
    );
    folder.commit(files, (kept) => kept === cell('a') || kept === cell(name));
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
function changesOfRun(): number {
  run('1');
  const disk = new FailingDisk(Number.POSITIVE_INFINITY, 'crash');
  run('2', disk);
  rmSync(out, { recursive: true });
  return disk.changes;
}

describe('a run that takes its place', () => {
  it('replaces the files of the run before, and nothing else is left', () => {
    run('1');
    run('2');
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

  it('is there whole or not at all after a crash at any change, and the next run is as if nothing had been', () => {
    const changes = changesOfRun();
    expect(changes).toBeGreaterThan(30);
    run('1');
    run('2');
    const expected = contents();
    rmSync(out, { recursive: true });
    for (let at = 0; at < changes; at++) {
      run('1');
      const disk = new FailingDisk(at, 'crash');
      try {
        run('2', disk);
      } catch {
        // It has crashed.
      }
      expect(disk.failed).toBe(true);
      expect([WHOLE('1'), WHOLE('2')], String(at)).toContainEqual(seen());
      // The process is alive, and its lock with it: as if it had ended.
      rmSync(join(out, LOCK), { force: true });
      open().close();
      expect([WHOLE('1'), WHOLE('2')], String(at)).toContainEqual(seen());
      run('2');
      expect(contents(), String(at)).toEqual(expected);
      rmSync(out, { recursive: true });
    }
  });

  it.each<Failure>(['ENOSPC', 'EDQUOT', 'EIO'])(
    'costs nothing of the run before at %s of any change',
    (failure) => {
      const changes = changesOfRun();
      for (let at = 0; at < changes; at++) {
        run('1');
        try {
          run('2', new FailingDisk(at, failure));
        } catch (error) {
          expect(error, String(at)).toBeInstanceOf(HostError);
          expect((error as Error).message).toContain(out);
        }
        expect([WHOLE('1'), WHOLE('2')], String(at)).toContainEqual(seen());
        rmSync(join(out, LOCK), { force: true });
        run('3');
        expect(seen()).toEqual(WHOLE('3'));
        expect(Object.keys(contents())).toHaveLength(6);
        rmSync(out, { recursive: true });
      }
    },
  );

  it('keeps finished cells of one that has not, also without --resume', () => {
    run('1');
    const before = contents();
    const folder = open();
    folder.keepCell(cell('b'), 'b');
    folder.close();
    expect(readFileSync(join(out, 'unfinished', 'cells', cell('b')), 'utf8')).toBe('b');
    const again = open();
    expect([...again.cells().keys()].sort()).toEqual([cell('1'), cell('a'), cell('b')]);
    again.keepCell(cell('c'), 'c');
    again.close();
    expect(open().cells().get(cell('b'))?.()).toBe('b');
    for (const [name, content] of Object.entries(before))
      expect(readFileSync(join(out, name), 'utf8')).toBe(content);
  });

  it('goes on where it was interrupted, whatever the names of its files', () => {
    const folder = open();
    folder.keepCell(cell('b'), 'b');
    folder.stage(new Map([['some.csv', 'so far']]));
    folder.close();
    const again = open();
    again.stage(new Map([['other.csv', '']]));
    again.close();
    run('1');
    expect(seen()).toEqual(WHOLE('1'));
    expect(existsSync(join(out, 'unfinished'))).toBe(false);
  });

  it('leaves no trace where no cell has finished', () => {
    const folder = open();
    folder.stage(new Map([['runs.csv', '']]));
    folder.close();
    expect(existsSync(out)).toBe(false);
    mkdirSync(out);
    open().close();
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

  it('is refused with the first of them, and none is touched', () => {
    write(theirs);
    expect(() => open()).toThrow(
      new RegExp(`^${join(out, 'cells', cell('f'))}: reclaim has not written this file`),
    );
    expect(contents()).toEqual(theirs);
  });

  it('keeps them with --force, through two runs', () => {
    write(theirs);
    for (const name of ['1', '2']) {
      const folder = open(DISK, true);
      folder.keepCell(cell(name), name);
      folder.commit(new Map([['manifest.json', name]]), () => true);
      folder.close();
      expect(contents()).toMatchObject({ ...theirs, 'manifest.json': name });
    }
  });

  it('keeps one whose name is needed even then', () => {
    run('1');
    writeFileSync(join(out, 'runs.csv'), 'edited');
    expect(() => open()).toThrow(/runs\.csv: reclaim has not written this file, or it was changed since/);
    const folder = open(DISK, true);
    folder.keepCell(cell('2'), '2');
    expect(() => folder.commit(new Map([['runs.csv', 'new']]), () => true)).toThrow(InputError);
    folder.close();
    expect(readFileSync(join(out, 'runs.csv'), 'utf8')).toBe('edited');
    expect(readFileSync(join(out, 'unfinished', 'cells', cell('2')), 'utf8')).toBe('2');
  });

  it('is known by content: a list of files says nothing about others of their names', () => {
    run('1');
    const list = readFileSync(join(out, 'files.json'), 'utf8');
    rmSync(out, { recursive: true });
    write({ 'files.json': list, 'runs.csv': 'of the user' });
    expect(() => open()).toThrow(/runs\.csv: reclaim has not written/);
    write({ 'files.json': 'not a list' });
    expect(() => open()).toThrow(/files\.json: reclaim has not written/);
  });

  it('has a folder of the name unfinished that is not ours', () => {
    write({ 'unfinished/runs.csv': 'mine' });
    expect(() => open()).toThrow(/unfinished\/runs\.csv: reclaim has not written/);
    expect(() => open(DISK, true)).toThrow(/unfinished: reclaim has not made this folder/);
    expect(contents()).toEqual({ 'unfinished/runs.csv': 'mine' });
  });

  it('has links out of it', () => {
    mkdirSync(join(base, 'elsewhere'));
    mkdirSync(out);
    symlinkSync(join(base, 'elsewhere'), join(out, 'cells'));
    expect(() => open()).toThrow(/out\/cells: reclaim has not written/);
    const folder = open(DISK, true);
    folder.keepCell(cell('1'), '1');
    expect(() => folder.commit(new Map(), () => true)).toThrow(/cells/);
    folder.close();
    expect(readdirSync(join(base, 'elsewhere'))).toEqual([]);
  });

  it('does not count empty folders, or a link to the folder itself', () => {
    mkdirSync(join(base, 'real', 'empty', 'deep'), { recursive: true });
    symlinkSync(join(base, 'real'), out);
    run('1');
    expect(seen()).toEqual(WHOLE('1'));
  });
});

describe('files that are added', () => {
  it('replace those that are ours, and go with the run', () => {
    run('1');
    for (const text of ['old', 'new']) addFiles(out, new Map([['figures/a.svg', text]]), ignore);
    expect(readFileSync(join(out, 'figures', 'a.svg'), 'utf8')).toBe('new');
    run('2');
    expect(existsSync(join(out, 'figures'))).toBe(false);
  });

  it('never replace those of others', () => {
    mkdirSync(out);
    writeFileSync(join(out, 'perf.csv'), 'mine');
    expect(() => addFiles(out, new Map([['perf.csv', 'ours']]), ignore)).toThrow(
      /perf\.csv: reclaim has not written/,
    );
    addFiles(out, new Map([['runs.csv', 'ours']]), ignore);
    expect(contents()).toMatchObject({ 'perf.csv': 'mine', 'runs.csv': 'ours' });
  });

  it('are ours also after a crash at any change', () => {
    for (let at = 0, failed = true; failed; at++) {
      run('1');
      addFiles(out, new Map([['report.html', 'old']]), ignore);
      const disk = new FailingDisk(at, 'crash');
      try {
        const folder = OutputFolder.open(out, { replaces: false, disk });
        folder.add(new Map([['report.html', 'new']]));
        folder.close();
      } catch {
        // It has crashed.
      }
      failed = disk.failed;
      expect(['old', 'new']).toContain(readFileSync(join(out, 'report.html'), 'utf8'));
      rmSync(join(out, LOCK), { force: true });
      run('2');
      expect(seen()).toEqual(WHOLE('2'));
      expect(existsSync(join(out, 'report.html'))).toBe(false);
      rmSync(out, { recursive: true });
    }
  });
});

describe('one writer at a time', () => {
  const holder = (values: object) => {
    rmSync(out, { recursive: true, force: true });
    const folder = open();
    const lock = JSON.parse(readFileSync(join(out, LOCK), 'utf8'));
    folder.close();
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, LOCK), JSON.stringify({ ...lock, ...values }));
  };

  it('a second one is refused, with the process and host of the first', () => {
    const first = open();
    const text = `another reclaim writes here: process ${process.pid} on ${hostname()}`;
    expect(() => open()).toThrow(`${out}: ${text}`);
    expect(() => checkFolder(out)).toThrow(text);
    first.close();
    open().close();
  });

  it.each([
    ['that process is gone', { pid: 2 ** 22 + 1, started: '1' }],
    ['that process is gone, another one has its number', { started: '1' }],
    ['the host has been started again since', { boot: 'another' }],
  ])('a lock is stale where %s', (reason, values) => {
    holder(values);
    const notes: string[] = [];
    const folder = open(DISK, false, (text) => notes.push(text));
    expect(notes).toEqual([expect.stringContaining(`is stale (${reason}) and is taken over`)]);
    expect(() => open()).toThrow('another reclaim writes here');
    folder.close();
    expect(existsSync(out)).toBe(true);
    expect(readdirSync(out)).toEqual([]);
  });

  it('one of another host, or of another namespace of processes, is not taken over', () => {
    for (const values of [
      { host: 'elsewhere', pid: 1 },
      { namespace: 'another', pid: 2 ** 22 + 1 },
    ]) {
      holder(values);
      expect(() => open()).toThrow(
        /which cannot be looked up from here; if it has ended, remove .*\.reclaim-lock$/,
      );
    }
  });

  it('one that cannot be read is not guessed at', () => {
    mkdirSync(out);
    writeFileSync(join(out, LOCK), '');
    expect(() => open()).toThrow(/\.reclaim-lock: cannot be read as a lock/);
  });

  it('works where the file system has no hard links', () => {
    const disk: Disk = {
      ...DISK,
      link() {
        throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
      },
    };
    const folder = open(disk);
    expect(() => open(disk)).toThrow('another reclaim writes here');
    folder.close();
  });
});

describe('what goes wrong with a folder is one line', () => {
  it('where it is a file, below one, a broken link, or cannot be made', () => {
    writeFileSync(out, '');
    expect(() => open()).toThrow(`${out}: results cannot be written there: this is a file`);
    out = join(out, 'deep');
    expect(() => open()).toThrow('part of this path is not a directory');
    out = join(base, 'link');
    symlinkSync(join(base, 'nowhere'), out);
    expect(() => open()).toThrow(/link: results cannot be written there: is there already as something else/);
    out = '/proc/none';
    expect(() => open()).toThrow('/proc/none: results cannot be written there');
  });

  it('where it is removed while it is in use', () => {
    const folder = open();
    folder.keepCell(cell('1'), '1');
    cpSync(out, join(base, 'copy'), { recursive: true });
    rmSync(out, { recursive: true });
    expect(() => folder.keepCell(cell('2'), '2')).toThrow(
      /out(\/unfinished(\/cells)?)?: this folder was removed while it was in use$/,
    );
    expect(() => folder.commit(new Map(), () => true)).toThrow(HostError);
    folder.close();
    expect(existsSync(out)).toBe(false);
  });

  it('where another process has its lock by then', () => {
    const folder = open();
    folder.keepCell(cell('1'), '1');
    writeFileSync(join(out, LOCK), '{}');
    expect(() => folder.commit(new Map(), () => true)).toThrow(
      'the lock of this folder was removed or taken',
    );
    folder.close();
    expect(existsSync(join(out, LOCK))).toBe(true);
  });
});
