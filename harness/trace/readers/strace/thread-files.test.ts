import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventLines } from '../../../testing/traces.js';
import { importTrace } from '../../import.js';
import { findThreadFiles } from './thread-files.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-threads-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, lines] of Object.entries(files))
    writeFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(''));
}

const MAP = 'mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x10000 <0.000010>';

const LOG = {
  'LOG.70': [
    `10.000001 ${MAP}`,
    '10.000002 clone3({flags=CLONE_VM|CLONE_THREAD, child_tid=0x7f}, 88) = 71 <0.000010>',
    '10.000005 munmap(0x10000, 4096) = 0 <0.000010>',
    '10.000006 +++ exited with 0 +++',
  ],
  'LOG.71': ['10.000003 munmap(0x11000, 4096) = 0 <0.000010>', '10.000004 +++ exited with 0 +++'],
};

const EVENTS = [
  '0,spawn,70,,,',
  '0,map,70,16,2,anon-shared',
  '2,unmap,70,17,1,',
  '4,unmap,70,16,1,',
  '5,exit,70,,,',
];

describe('a log of a file for each thread', () => {
  const imported = async (path: string) => {
    const trace = await importTrace(path, { reader: 'strace:memory=all' });
    const events = await eventLines(trace);
    return { events, total: trace.inputs[0]!.account.total };
  };

  it('is read from its folder or by its prefix, by time', async () => {
    write(LOG);
    expect(await imported(folder)).toEqual({ events: EVENTS, total: 6 });
    expect(await imported(join(folder, 'LOG'))).toEqual({ events: EVENTS, total: 6 });
  });

  it('is detected, and may have empty files', async () => {
    write({ 'LOG.69': [], ...LOG });
    expect(findThreadFiles(folder)?.map(({ thread }) => thread)).toEqual([70, 71]);
    expect((await importTrace(folder)).inputs[0]!.account.total).toBe(6);
  });

  it.each([
    [
      '     0.000010 brk(NULL) = 0x1',
      /LOG\.72: times count from the line before, which may be in another file/,
    ],
    ['brk(NULL) = 0x1', /LOG\.72: this log has no times, expected the times of strace -ff -ttt/],
    ['10:00:00.000001 brk(NULL) = 0x1', /LOG\.72: times differ in form from those of other files/],
  ])('is refused where times do not order it: %s', async (line, message) => {
    write({ ...LOG, 'LOG.72': [line] });
    await expect(imported(folder)).rejects.toThrow(message);
  });

  it('is refused over midnight without dates', async () => {
    write({ 'LOG.70': ['23:59:59.000001 brk(NULL) = 0x1', '00:00:01.000001 brk(NULL) = 0x1'] });
    await expect(imported(folder)).rejects.toThrow(/times of day go past midnight/);
    write({
      'LOG.70': ['23:59:59.000001 brk(NULL) = 0x1'],
      'LOG.71': ['00:00:01.000001 brk(NULL) = 0x1'],
    });
    await expect(imported(folder)).rejects.toThrow(/times of day span more than half a day/);
  });

  it('is not mixed with other logs or files', async () => {
    write({ ...LOG, 'OTHER.80': [] });
    expect(() => findThreadFiles(folder)).toThrow(/logs of several programs \(LOG, OTHER\)/);
    rmSync(join(folder, 'OTHER.80'));
    write({ README: [] });
    expect(() => findThreadFiles(folder)).toThrow(/other files than logs of threads \(README\)/);
    expect(findThreadFiles(join(folder, 'LOG'))).toHaveLength(2);
  });

  it('is not found where there is a file, or none', () => {
    write({ file: [] });
    mkdirSync(join(folder, 'empty'));
    expect(findThreadFiles(join(folder, 'file'))).toBeUndefined();
    expect(findThreadFiles(join(folder, 'empty'))).toBeUndefined();
    expect(findThreadFiles(join(folder, 'missing', 'x'))).toBeUndefined();
  });

  it('is only for readers of calls', async () => {
    write(LOG);
    await expect(importTrace(folder, { reader: 'txt' })).rejects.toThrow(
      /these are several files, and reader txt reads one/,
    );
  });
});
