import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folder.js';
import { is32Bit, isFile32Bit } from './program-file.js';

const folder = temporaryFolder('program-file-');

it('programs say themselves of how many bits they are', () => {
  const program = (bits: number) => {
    const path = join(folder(), `program-${bits}`);
    writeFileSync(path, Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits, 1, 1, 0]), { mode: 0o755 });
    return path;
  };
  expect([isFile32Bit(program(1)), isFile32Bit(program(2))]).toEqual([true, false]);
  expect(is32Bit({ command: [program(1), 'x'] })).toBe(true);
  expect(is32Bit({ command: ['sh'] })).toBe(isFile32Bit(process.execPath));
  expect(is32Bit({ pid: process.pid })).toBe(isFile32Bit(process.execPath));
});

it('what is no program, or cannot be read, is not one of 32 bits', () => {
  const script = join(folder(), 'script');
  writeFileSync(script, '#!');
  expect([isFile32Bit(script), isFile32Bit(folder()), isFile32Bit('/no/such')]).toEqual([
    false,
    false,
    false,
  ]);
});
