import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/folder.js';
import { deviceText, Observer } from './objects.js';

const folder = temporaryFolder('reclaim-objects-');

it('devices are as in maps', () => {
  const own = /^\S+ \S+ \S+ (\S+) [1-9]/m.exec(readFileSync('/proc/self/maps', 'utf8'))![1];
  expect(own).toMatch(/^[0-9a-f]{2,}:[0-9a-f]{2,}$/);
  // Source: makedev of glibc's sys/sysmacros.h.
  expect([deviceText(0xfe00), deviceText(1), deviceText(0x12345_67_89)]).toEqual([
    'fe:00',
    '00:01',
    '567:123489',
  ]);
});

it('descriptors and mappings are looked up as events name them, not those that are closed', () => {
  const events = join(folder(), 'trace.txt');
  const file = join(folder(), 'objects.txt');
  writeFileSync(events, '');
  const observer = new Observer(file);
  const fd = openSync(events, 'r');
  const lead = `  some-name [1]-${process.pid}  [000] ..... 1.000000: `;
  const lines = [
    `sys_openat -> 0x${fd.toString(16)}`,
    'sys_openat -> 0x7ff',
    'sys_openat -> 0xfffffffffffffffe',
    'sys_mmap(addr: 0, len: 0x1000, prot: 3, flags: 0x22, fd: 0xffffffff, off: 0)',
    `sys_mmap(addr: 0, len: 0x1000, prot: 1, flags: 2, fd: ${fd}, off: 0)`,
  ].map((line) => `${lead}${line}\n`);
  observer.observe(Buffer.from(lines.join('')));
  closeSync(fd);
  const seen = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  const descriptors = seen.filter(([kind]) => kind === 'fd');
  expect(new Set(descriptors.map(([, , , pid, of]) => `${pid} ${of}`))).toEqual(
    new Set([`${process.pid} ${fd}`]),
  );
  expect(descriptors[0]!.at(-1)).toBe(events);
  for (const [, from, to] of seen) expect(BigInt(from!)).toBeLessThanOrEqual(BigInt(to!));
  // Without a file only after an exec.
  expect(seen.filter(([kind]) => kind === 'map').every((fields) => fields[8] !== '0')).toBe(true);
});
