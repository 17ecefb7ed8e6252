import { createHash, type Hash } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { isBinaryTrace } from './binary/decoder.js';
import { HEADER_BYTES, VERSION } from './binary/layout.js';
import { BinaryEncoder } from './binary/writer.js';
import { markUsed, partPath, trimCache, usableCacheFolder } from './io/cache.js';
import { decodedKey, keepDecodedKey, RawHash, rawFile } from './io/decoded-key.js';
import { decompressed } from './io/decompress.js';
import { inputName, type PeekedInput, usingInput } from './io/input.js';
import { openSink, writeTo } from './io/output.js';
import { peekBytes } from './io/peek.js';
import { rawBytes } from './io/raw.js';
import { PageBudget } from './page-budget.js';
import type { TraceSource } from './source.js';
import { scannedBlocks } from './streamed.js';
import { TextScanner } from './text/scanner.js';
import { ONE_READER_BYTES, openTrace, type Trace, type TraceHandle, traceHandle } from './trace.js';
import { verifyTrace } from './verify.js';
import { writeTrace } from './write.js';

/** Bytes that hold the mark of a binary trace. */
const MARK_BYTES = 64;
/** Bytes of a binary trace's header that are 0, except in the cache. */
const TAG_BYTES = 8;
const TAG_AT = HEADER_BYTES - TAG_BYTES;
/** How the names of compiled traces end. */
const ENDING = `-v${VERSION}.rtrace`;

/** A trace in its compiled form. */
interface Compiled {
  /** Hash of what it was made from. */
  readonly key: string;
  /** SHA-256 of its text form. */
  readonly sha256: string;
}

/** What an entry of the cache has in its header: the key that it was kept under, so that one under another name is seen. */
function tagOf({ key, sha256 }: Compiled): Buffer {
  return createHash('sha256').update(`${key} ${sha256}`).digest().subarray(0, TAG_BYTES);
}

async function writeTag(path: string, compiled: Compiled): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(tagOf(compiled), 0, TAG_BYTES, TAG_AT);
  } finally {
    await file.close();
  }
}

async function readTag(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAG_BYTES), 0, TAG_BYTES, TAG_AT);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Bytes, as `hash` has taken them. */
async function* hashed(bytes: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Writes the compiled form of a text trace to `target`; its key is the SHA-256 of the decoded text. */
async function compileText(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  target: string,
): Promise<Compiled> {
  const scanner = new TextScanner(name);
  const encoder = new BinaryEncoder(scanner.strings);
  const hash = createHash('sha256');
  return writeTo(openSink(target), async (sink) => {
    let headerDone = false;
    const header = async () => {
      if (!headerDone) await sink.write(encoder.header(scanner.meta));
      headerDone = true;
    };
    for await (const block of scannedBlocks(hashed(bytes, hash), scanner, name)) {
      await header();
      await sink.write(encoder.block(block));
    }
    await header();
    const sha256 = hash.digest('hex');
    await sink.write(encoder.end(sha256));
    return { key: sha256, sha256 };
  });
}

/**
 * Opens a trace file of any form (text or binary, compressed or not, a pipe, `-` for standard input) for replay. Plain
 * binary traces are used where they lie; everything else is compiled once into the user's cache folder, under the
 * hash of its decoded content.
 *
 * @param name what messages call it
 * @param held size in bytes up to which it is held in memory, as `traceHandle` says
 * @throws InputError with `file:line:column` when the trace is wrong
 */
export async function compileTrace(
  path: string,
  name: string = inputName(path),
  held?: number,
): Promise<TraceHandle> {
  return usingInput(path, (input) => compileInput(path, input, name, held));
}

/** As `compileTrace`, of an input whose start has been read. */
export async function compileInput(
  path: string,
  { head, all, kind, close }: PeekedInput,
  name: string,
  held?: number,
): Promise<TraceHandle> {
  if (head.length === 0) throw new InputError('the input is empty, expected a trace', { file: name });
  const binary = isBinaryTrace(head);
  const build = binary ? spool : compileText;
  if (kind === 'stream') return intoCache(all, name, build, held);
  await close();
  if (binary && (await isPlain(path))) return verified(await traceHandle(path, name, held));
  const folder = usableCacheFolder();
  const raw = await rawFile(path);
  const cached = await fromCache((await decodedKey(folder, raw)) ?? raw.sha256, name, held);
  if (!cached) return decodedIntoCache(path, name, build, held);
  await checkPages(cached.trace);
  return cached.handle;
}

/** Compiles a file, and keeps what it decodes to where it is compressed. */
async function decodedIntoCache(
  path: string,
  name: string,
  build: typeof compileText,
  held?: number,
): Promise<TraceHandle> {
  const raw = new RawHash(path);
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of decompressed(raw.read(), inputName(path))) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  const buildAndKeep: typeof compileText = async (...given) => {
    const compiled = await build(...given);
    const { key } = compiled;
    const file = raw.end();
    if (key !== file.sha256) await keepDecodedKey(usableCacheFolder(), file, { key, bytes });
    return compiled;
  };
  return intoCache(counted(), name, buildAndKeep, held);
}

/** @throws InputError where large events touch more than `limitLargePages` allows: when it was compiled, more was allowed */
async function checkPages(trace: Trace): Promise<void> {
  const budget = new PageBudget();
  for await (const block of trace.blocks()) budget.takeBlock(block, trace.strings, trace.name);
}

/** Whether a file is a binary trace as it lies, not compressed, whatever its name says. */
async function isPlain(path: string): Promise<boolean> {
  const { head, close } = await peekBytes(rawBytes(path), MARK_BYTES);
  await close();
  return isBinaryTrace(head);
}

/** A binary trace that somebody gave, once it has been checked. */
async function verified(handle: TraceHandle): Promise<TraceHandle> {
  await verifyTrace(await openTrace(handle));
  return handle;
}

/** A trace compiled before, opened. */
interface Cached {
  readonly handle: TraceHandle;
  readonly trace: Trace;
}

/**
 * A trace compiled before; undefined when there is none, it is damaged, or it was kept under another key, whatever its name is
 * now.
 */
async function fromCache(key: string, name: string, held?: number): Promise<Cached | undefined> {
  const folder = usableCacheFolder();
  const entry = (await readdir(folder)).find((file) => file.startsWith(`${key}-`) && file.endsWith(ENDING));
  if (!entry) return undefined;
  const cached = join(folder, entry);
  try {
    const handle = await traceHandle(cached, name, held);
    const trace = await openTrace(handle);
    // What is in memory has been decoded by now: so is this, since what is damaged is to be found here.
    if (!handle.shared) for await (const _block of trace.blocks());
    const { sha256 } = trace.totals;
    const isKept = (await readTag(cached)).equals(tagOf({ key, sha256 }));
    if (!isKept || cachePath(folder, key, sha256) !== cached) throw new InputError('this is another trace');
    await markUsed(cached);
    return { handle, trace };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    await rm(cached, { force: true });
    return undefined;
  }
}

/** Writes bytes that are a binary trace already, and checks it; returns the SHA-256 of the bytes and of its text form. */
async function spool(bytes: AsyncIterable<Uint8Array>, name: string, target: string): Promise<Compiled> {
  const hash = createHash('sha256');
  await writeTo(openSink(target), async (sink) => {
    for await (const chunk of bytes) {
      hash.update(chunk);
      await sink.write(chunk);
    }
  });
  const trace = await openTrace(await traceHandle(target, name, ONE_READER_BYTES));
  await verifyTrace(trace);
  return { key: hash.digest('hex'), sha256: trace.totals.sha256 };
}

async function intoCache(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  build: typeof compileText,
  held?: number,
): Promise<TraceHandle> {
  return keepInCache(name, (temporary) => build(bytes, name, temporary), held);
}

/** Keeps what `build` writes under the key that it returns. */
async function keepInCache(
  name: string,
  build: (path: string) => Promise<Compiled>,
  held?: number,
): Promise<TraceHandle> {
  const folder = usableCacheFolder();
  const temporary = partPath(folder);
  try {
    const compiled = await build(temporary);
    await writeTag(temporary, compiled);
    const target = cachePath(folder, compiled.key, compiled.sha256);
    await rename(temporary, target);
    await trimCache(folder, target);
    return await traceHandle(target, name, held);
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Produces a trace for replay, once: afterwards it is taken from the user's cache folder.
 *
 * @param key hash of all that its events depend on
 * @param name what messages call it
 */
export async function compileSource(
  key: string,
  name: string,
  source: () => TraceSource,
): Promise<TraceHandle> {
  const build = async (path: string) => {
    const { sha256 } = await writeTrace(source(), path, 'binary');
    return { key, sha256 };
  };
  return (await fromCache(key, name))?.handle ?? keepInCache(name, build);
}

function cachePath(folder: string, key: string, sha256: string): string {
  return join(folder, `${key}-${sha256}${ENDING}`);
}
