import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileError, systemErrorCode } from '../../base/errors.js';
import { startOf, thisBoot } from '../../base/processes.js';
import {
  decodeBlock,
  decodeBlockHeader,
  decodeIndex,
  indexOffset,
  isBinaryTrace,
} from '../binary/decoder.js';
import { BLOCK_HEADER_BYTES, FOOTER_BYTES } from '../binary/layout.js';
import { markUsed, trimCache, usableCacheFolder } from './cache.js';
import { fetchAll, fetchRange, lookAt, type RemoteFile } from './http.js';

/** Bytes that are asked for at a time: blocks of a trace up to this, or pieces of other files. */
const PIECE_BYTES = 4 * 1024 ** 2;
/** A process that fetches says so this often at least; one that has not is gone. */
const SILENT_MS = 90_000;
const LOOK_MS = 200;

/** Whether the name of an input is an address: a file on a server. */
export function isRemote(name: string): boolean {
  return /^https?:\/\//i.test(name);
}

/** Files that this process has looked at. */
const known = new Map<string, Promise<string>>();

/**
 * The path of an input: of an address, that of its copy in the cache, which is fetched once and shared by all processes of this
 * user.
 *
 * @throws InputError where the server has no such file, HostError where it cannot be fetched or there is no room
 */
export async function localPath(name: string): Promise<string> {
  if (!isRemote(name)) return name;
  const before = known.get(name);
  if (before) return before;
  const path = fetched(name);
  known.set(name, path);
  path.catch(() => known.delete(name));
  return path;
}

async function fetched(url: string): Promise<string> {
  const remote = await lookAt(url);
  const folder = usableCacheFolder();
  // Where nothing says whether it is still the same, a copy is of this process.
  const version = remote.validator ?? [thisBoot(), process.pid, startOf(process.pid)];
  const key = createHash('sha256')
    .update(JSON.stringify([url, version, remote.size]))
    .digest('hex');
  const target = join(folder, `fetched-${key}.rtrace`);
  await once(target, async () => {
    const part = `${target}.fetch`;
    await fetchInto(part, remote, `${target}.lock`).catch((error) => {
      throw fileError(error, part);
    });
    await rename(part, target);
    await trimCache(folder, target);
  });
  await markUsed(target);
  return target;
}

/**
 * Makes a file in one of all processes that want it; the others wait. Where one that had begun is silent, another goes on from
 * there: should it still live, both write the same.
 */
async function once(target: string, make: () => Promise<void>): Promise<void> {
  const lock = `${target}.lock`;
  while (!existsSync(target)) {
    try {
      await (await open(lock, 'wx')).close();
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw fileError(error, lock);
      const info = await stat(lock).catch(() => undefined);
      if (info && Date.now() - info.mtimeMs > SILENT_MS) await rm(lock, { force: true });
      else await sleep(LOOK_MS);
      continue;
    }
    try {
      if (!existsSync(target)) await make();
    } finally {
      await rm(lock, { force: true });
    }
  }
}

/** Fetches a file to a path, from where an earlier attempt has ended. @param lock is touched with every piece */
async function fetchInto(path: string, remote: RemoteFile, lock: string): Promise<void> {
  const alive = () => utimes(lock, new Date(), new Date()).catch(() => undefined);
  const file = await open(path, existsSync(path) ? 'r+' : 'w+');
  try {
    if (remote.size === undefined) {
      await file.truncate(0);
      for await (const chunk of fetchAll(remote)) {
        await file.writeFile(chunk);
        await alive();
      }
      return;
    }
    const { size } = await file.stat();
    for (const { from, to, check } of await piecesOf(remote, remote.size)) {
      if (to > size || !(await isThere(file, from, to, check)))
        await file.write(await fetchRange(remote, from, to, check), 0, to - from, from);
      await alive();
    }
    await file.truncate(remote.size);
  } finally {
    await file.close();
  }
}

/** A range of a file. */
interface Piece {
  readonly from: number;
  readonly to: number;
  /** Throws where bytes are not those of this range. Undefined where nothing tells. */
  readonly check: ((bytes: Uint8Array) => void) | undefined;
}

/** Whether a range was fetched before, whole: only blocks with their checksums tell. */
async function isThere(file: FileHandle, from: number, to: number, check: Piece['check']): Promise<boolean> {
  if (!check) return false;
  const bytes = new Uint8Array(to - from);
  await file.read(bytes, 0, bytes.length, from);
  try {
    check(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The ranges that a file is fetched in: of a binary trace, blocks by its index, each checked by its checksums. */
async function piecesOf(remote: RemoteFile, size: number): Promise<Piece[]> {
  const bounds = isBinaryTrace(remote.head) ? await blockBounds(remote, size) : undefined;
  if (!bounds)
    return cut(
      Array.from({ length: Math.ceil(size / PIECE_BYTES) }, (_, i) => i * PIECE_BYTES),
      size,
      undefined,
    );
  const blocks = (bytes: Uint8Array) => checkBlocks(bytes, remote.url);
  const [first = size, index = size] = [bounds[0], bounds.at(-1)];
  return [
    ...cut([0], first, undefined),
    ...cut(bounds.slice(0, -1), index, blocks),
    ...cut([index], size, undefined),
  ];
}

/** Joins neighbours, which begin at `starts` and end at `end`, to pieces. */
function cut(starts: readonly number[], end: number, check: Piece['check']): Piece[] {
  const pieces: Piece[] = [];
  let from = starts[0] ?? end;
  starts.forEach((_, i) => {
    const to = starts[i + 1] ?? end;
    const next = starts[i + 2] ?? end;
    if (to < end && next - from <= PIECE_BYTES) return;
    if (to > from) pieces.push({ from, to, check });
    from = to;
  });
  return pieces;
}

/** Where the blocks of a binary trace begin, and its index. Undefined where it has no whole index: what reads it says so. */
async function blockBounds(remote: RemoteFile, size: number): Promise<number[] | undefined> {
  try {
    const at = indexOffset(
      await fetchRange(remote, Math.max(0, size - FOOTER_BYTES), size),
      size,
      remote.url,
    );
    const { blockOffsets } = decodeIndex(await fetchRange(remote, at, size), remote.url);
    const bounds = [...blockOffsets, at];
    return bounds.every((bound, i) => bound > (bounds[i - 1] ?? 0)) ? bounds : undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'InputError') return undefined;
    throw error;
  }
}

/** @throws InputError where bytes are not whole blocks */
function checkBlocks(bytes: Uint8Array, file: string): void {
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.subarray(at);
    const header = decodeBlockHeader(rest, file);
    if (!header) throw new Error('no block begins here');
    decodeBlock(rest, header, file);
    at += BLOCK_HEADER_BYTES + header.payloadBytes;
  }
}
