import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refusal } from '../../contract/refusal.js';

const BLOCK = 4096;
/** Blocks of one write. */
const MOST_BLOCKS = 256;
const READ_BLOCKS = 4096;
/** Where Debian has what is not for every user. */
const PROGRAMS = ['mke2fs', '/usr/sbin/mke2fs', '/sbin/mke2fs'];
/** Without what would be written in the background. */
const FEATURES = 'none,filetype,extent,sparse_super,large_file';

/** Bytes at a place of a disk. */
export interface Piece {
  readonly offset: number;
  readonly data: Buffer;
}

/** Parts of a file that are not zero. */
function piecesOf(path: string): Piece[] {
  const pieces: Piece[] = [];
  const file = openSync(path, 'r');
  const zeros = Buffer.alloc(BLOCK);
  const buffer = Buffer.alloc(BLOCK * READ_BLOCKS);
  try {
    for (let at = 0; ; at += buffer.length) {
      const bytes = readSync(file, buffer, 0, buffer.length, at);
      if (bytes === 0) return pieces;
      for (let block = 0; block < bytes; block += BLOCK) {
        const data = buffer.subarray(block, block + BLOCK);
        if (data.equals(zeros)) continue;
        const last = pieces.at(-1);
        const follows = last && last.offset + last.data.length === at + block;
        if (follows && last.data.length < MOST_BLOCKS * BLOCK)
          pieces[pieces.length - 1] = { offset: last.offset, data: Buffer.concat([last.data, data]) };
        else pieces.push({ offset: at + block, data: Buffer.from(data) });
      }
    }
  } finally {
    closeSync(file);
  }
}

/** What an empty ext4 on a disk of this size consists of. @throws Refusal where this host cannot make one */
export function emptyExt4(bytes: number): Piece[] {
  const folder = mkdtempSync(join(tmpdir(), 'reclaim-disk-'));
  const path = join(folder, 'disk');
  try {
    writeFileSync(path, '');
    truncateSync(path, bytes);
    const args = ['-q', '-F', '-t', 'ext4', '-b', String(BLOCK), '-m', '0', '-O', FEATURES, path];
    const made = PROGRAMS.some((program) => spawnSync(program, args, { stdio: 'ignore' }).status === 0);
    if (!made)
      throw new Refusal(
        'files of a trace need mke2fs for a disk of the virtual machine (Debian: e2fsprogs); traces without files need none',
      );
    return piecesOf(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first page of a swap area of this many pages. Source: union swap_header in include/linux/swap.h. */
export function swapHeader(pages: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.writeUInt32LE(1, 1024);
  header.writeUInt32LE(pages - 1, 1028);
  header.write('SWAPSPACE2', BLOCK - 10, 'latin1');
  return header;
}
