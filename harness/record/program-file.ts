import { closeSync, openSync, readSync } from 'node:fs';
import type { Target } from './engine.js';
import { fileOf, findProgram } from './process.js';

/** The first bytes of a 32-bit program. Source: elf(5), EI_MAG and EI_CLASS = ELFCLASS32. */
const ELF_32 = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1]);

/** Whether a file begins as a 32-bit program does; false where it cannot be read. */
export function isFile32Bit(file: string): boolean {
  const start = Buffer.alloc(ELF_32.length);
  try {
    const descriptor = openSync(file, 'r');
    try {
      readSync(descriptor, start);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
  return start.equals(ELF_32);
}

/** Whether what is recorded is a 32-bit program, of which not every engine sees the calls; what it starts may be one without that. */
export function is32Bit(target: Target): boolean {
  const file = 'pid' in target ? fileOf(target.pid) : findProgram(target.command[0]!);
  return file !== undefined && isFile32Bit(file);
}
