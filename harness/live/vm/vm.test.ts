import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HostError, InputError } from '../../base/errors.js';
import { swapHeader } from './disk.js';
import { checkImage, kernelImage, newestOf } from './image.js';
import { initramfs, newcArchive } from './initramfs.js';
import { moduleFiles, modulesOf } from './modules.js';

describe('the archive of a virtual machine', () => {
  it('is in the form that the kernel unpacks', () => {
    const archive = newcArchive([{ name: 'init', mode: 0o100755, data: Buffer.from('hello') }]);
    const text = archive.toString('latin1');
    expect(text.slice(0, 6)).toBe('070701');
    // Fields of eight hexadecimal digits: mode, size of the file, size of the name with its end.
    const field = (i: number) => Number.parseInt(text.slice(6 + 8 * i, 14 + 8 * i), 16);
    expect([field(1), field(6), field(11)]).toEqual([0o100755, 5, 5]);
    expect(text.slice(110, 115)).toBe('init\0');
    expect(text.slice(116, 121)).toBe('hello');
    expect(archive.length % 4).toBe(0);
    expect(text).toContain('TRAILER!!!');
  });

  it('has the program as init', () => {
    expect(initramfs(Buffer.from('x')).toString('latin1')).toContain('init\0');
  });
});

describe('the kernel image', () => {
  it('is the newest, by the numbers in its name', () => {
    expect(newestOf(['vmlinuz-6.9.1', 'vmlinuz-6.12.0', 'vmlinuz-6.1.0-50'])).toBe('vmlinuz-6.12.0');
    expect(newestOf([])).toBeUndefined();
  });

  it('is looked for in a folder; without one, a line says what to do', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-boot-'));
    try {
      expect(() => kernelImage(undefined, folder)).toThrow(HostError);
      expect(() => kernelImage(undefined, folder)).toThrow(/has none: give one with --kernel/);
      writeFileSync(join(folder, 'vmlinuz-6.1.0'), '');
      expect(kernelImage(undefined, folder)).toBe(join(folder, 'vmlinuz-6.1.0'));
      expect(() => kernelImage(join(folder, 'none'))).toThrow(InputError);
      expect(() => checkImage(join(folder, 'vmlinuz-6.1.0'))).toThrow(
        /6\.1\.0: not a kernel image for x86-64/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('what a package has next to its image', () => {
  it('is modules, each after those that it uses; compressed ones are marked', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-modules-'));
    try {
      mkdirSync(join(folder, 'boot'));
      const image = join(folder, 'boot', 'vmlinuz-6.1');
      writeFileSync(image, '');
      expect(modulesOf(image)).toEqual([]);
      const tree = join(folder, 'lib', 'modules', '6.1', 'kernel', 'drivers');
      mkdirSync(tree, { recursive: true });
      for (const name of ['zram.ko.xz', 'zsmalloc.ko', 'other.ko']) writeFileSync(join(tree, name), name);
      const modules = modulesOf(image);
      expect(modules.map(({ name, compressed }) => [name, compressed])).toEqual([
        ['zsmalloc', false],
        ['zram', true],
      ]);
      expect(moduleFiles(modules).map(({ name }) => name)).toEqual([
        'modules',
        'modules/zsmalloc.ko',
        'modules/zram.ko',
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a swap area begins as mkswap leaves it', () => {
    const header = swapHeader(1000);
    expect([header.length, header.readUInt32LE(1024), header.readUInt32LE(1028)]).toEqual([4096, 1, 999]);
    expect(header.toString('latin1', 4086)).toBe('SWAPSPACE2');
  });
});
