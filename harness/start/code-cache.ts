// Compiled code of the bundle, kept from one process to the next: V8 makes a file's functions ready in a tenth of the time
// that compiling them takes. One file for each command, which holds the code of all files that it has loaded.
import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { crc32 } from 'node:zlib';

const FOLDER = 'reclaim-bench-code';
/** Folders that are kept, one for each place of a bundle, version of V8 and set of its flags: older ones are of versions installed before. */
const KEPT_FOLDERS = 16;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
/** Mark, checksum of the rest, bytes of the index. */
const HEADER_BYTES = 16;
const MARK = 0x3163_6372;
/** V8 copies what is not aligned. */
const ALIGNMENT = 8;

/** What is kept of one file of the bundle. */
export interface KeptCode {
  /** CRC-32 of its source: V8 compares no more than its length. */
  readonly source: number;
  readonly code: Uint8Array;
}

/** Where an entry of the index lies behind it. */
interface IndexEntry {
  readonly name: string;
  readonly source: number;
  readonly at: number;
  readonly length: number;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** The bytes of a file that keeps code. */
export function packed(codes: ReadonlyMap<string, KeptCode>): Uint8Array {
  let at = 0;
  const index: IndexEntry[] = [...codes].map(([name, { source, code }]) => {
    const entry = { name, source, at, length: code.length };
    at += aligned(code.length);
    return entry;
  });
  const text = Buffer.from(JSON.stringify(index));
  const start = aligned(HEADER_BYTES + text.length);
  const bytes = Buffer.alloc(start + at);
  bytes.set(text, HEADER_BYTES);
  for (const entry of index) bytes.set(codes.get(entry.name)!.code, start + entry.at);
  bytes.writeUInt32LE(MARK, 0);
  bytes.writeUInt32LE(text.length, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** What a file keeps; nothing where it is damaged: V8 runs what it is given. */
export function unpacked(bytes: Buffer): Map<string, KeptCode> {
  const codes = new Map<string, KeptCode>();
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MARK) return codes;
  if (bytes.readUInt32LE(4) !== crc32(bytes.subarray(8))) return codes;
  const length = bytes.readUInt32LE(8);
  const index = JSON.parse(bytes.toString('utf8', HEADER_BYTES, HEADER_BYTES + length)) as IndexEntry[];
  const start = aligned(HEADER_BYTES + length);
  for (const { name, source, at, length: size } of index)
    codes.set(name, { source, code: bytes.subarray(start + at, start + at + size) });
  return codes;
}

/**
 * Whether a folder is this user's and no other can write there, since what lies in it is run; or where there is none, whether
 * it may be made. With `sudo`, the home is often another user's, who could not use it then.
 */
function isOwn(folder: string, isMissing = false): boolean {
  const info = lstatSync(folder, { throwIfNoEntry: false });
  if (!info) return folder !== dirname(folder) && isOwn(dirname(folder), true);
  if (!info.isDirectory()) return false;
  if (process.geteuid === undefined) return true;
  // In a folder for all users, such as that for temporary files, no user can replace what is another's.
  if (isMissing && (info.mode & STICKY) !== 0) return true;
  return info.uid === process.geteuid() && (info.mode & OTHERS_WRITE) === 0;
}

/**
 * The folder of compiled code: in `NODE_COMPILE_CACHE` if that is set, as for Node's own, else with the user's other caches.
 * Undefined where there is none that is safe, or `NODE_DISABLE_COMPILE_CACHE` is set.
 */
export function codeFolder(): string | undefined {
  const { NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE, XDG_CACHE_HOME = '' } = process.env;
  if (NODE_DISABLE_COMPILE_CACHE) return undefined;
  try {
    const isSet = isAbsolute(XDG_CACHE_HOME);
    const base = NODE_COMPILE_CACHE || (isSet ? XDG_CACHE_HOME : join(homedir(), '.cache'));
    const folder = join(base, FOLDER);
    // A home that is not there is not made.
    if (!isAbsolute(folder) || !(existsSync(base) || existsSync(dirname(base)))) return undefined;
    return isOwn(folder) ? folder : undefined;
  } catch {
    // No home.
    return undefined;
  }
}

/** Removes the oldest folders, so that versions do not add up. */
function trim(folder: string): void {
  const age = (name: string) => lstatSync(join(folder, name)).mtimeMs;
  const newest = readdirSync(folder).sort((a, b) => age(b) - age(a));
  for (const name of newest.slice(KEPT_FOLDERS)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** The file that keeps the code of one command. What goes wrong with it costs time, and is no error. */
export class CodeCache {
  private readonly path: string | undefined;

  /**
   * @param bundle the path of the bundle's folder, whose name is a hash of its content. Code holds the path of its script,
   *   which stacks show: another copy of the bundle has code of its own
   * @param name of the entry, and command
   */
  constructor(bundle: string, name: string) {
    const folder = codeFolder();
    const place = crc32(bundle).toString(16);
    const build = `${cachedDataVersionTag().toString(16)}-${process.arch}`;
    this.path = folder && join(folder, `${basename(bundle)}-${place}-${build}`, `${name}.bin`);
  }

  /** What is kept. */
  read(): Map<string, KeptCode> {
    try {
      return this.path === undefined ? new Map() : unpacked(readFileSync(this.path));
    } catch {
      return new Map();
    }
  }

  /**
   * Keeps code, whole or not at all.
   *
   * @param codes makes it, which takes longest: it is called where there is room
   */
  write(codes: () => ReadonlyMap<string, KeptCode>): void {
    if (this.path === undefined) return;
    const folder = dirname(this.path);
    const next = join(folder, `${randomUUID()}.tmp`);
    try {
      if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) trim(dirname(folder));
      accessSync(folder, constants.W_OK);
      writeFileSync(next, packed(codes()), { flag: 'wx', mode: 0o600 });
      renameSync(next, this.path);
    } catch {
      // No room, or a file system that is read only: the next process compiles as well.
      rmSync(next, { force: true });
    }
  }
}
