import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileTrace } from './compile.js';
import { trimCache } from './io/cache.js';
import { decodedKey, keepDecodedKey, rawFile } from './io/decoded-key.js';
import { limitExpansion } from './io/decompress.js';
import { openTrace } from './trace.js';
import { formOf, writeTrace } from './write.js';

const TEXT =
  '# source: test\ntime_us,op,space,page,count,arg\n0,spawn,1,,,\n5,map,1,16,8,anon\n9,read,1,16,8,\n';
const SHA = createHash('sha256').update(TEXT).digest('hex');

let folder: string;
let cache: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-compile-'));
  cache = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
});
afterEach(() => {
  process.env.XDG_CACHE_HOME = cache;
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function opened(path: string) {
  return openTrace(await compileTrace(path));
}

describe('opening traces', () => {
  it('reads plain, gzip and brotli text alike', async () => {
    for (const path of [
      file('a.csv', TEXT),
      file('a.csv.gz', gzipSync(TEXT)),
      file('a.csv.br', brotliCompressSync(TEXT)),
    ]) {
      const trace = await opened(path);
      expect(trace.totals).toMatchObject({ events: 3, firstTimeUs: 0, lastTimeUs: 9, sha256: SHA });
    }
  });

  it('compiles into the cache once, never next to the trace', async () => {
    const path = file('a.csv', TEXT);
    const first = await compileTrace(path);
    expect(first.path).toContain(join(folder, 'cache', 'reclaim-bench'));
    expect(readdirSync(folder).sort()).toEqual(['a.csv', 'cache']);
    expect((await compileTrace(path)).path).toBe(first.path);
    expect(readdirSync(join(folder, 'cache', 'reclaim-bench'))).toHaveLength(1);
  });

  it('compiles again when the cached copy is damaged', async () => {
    const path = file('a.csv', TEXT);
    const { path: cached } = await compileTrace(path);
    writeFileSync(cached, 'rubbish');
    expect((await opened(path)).totals.events).toBe(3);
  });

  it('streams from its file what is too large to be held, and compiles again where a block there is damaged', async () => {
    const path = file('a.csv', TEXT);
    const { path: cached, shared } = await compileTrace(path, path, 0);
    expect(shared).toBeUndefined();
    const bytes = readFileSync(cached);
    const at = bytes.indexOf('BLCK') + 60;
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(cached, bytes);
    const trace = await openTrace(await compileTrace(path, path, 0));
    let events = 0;
    for await (const block of trace.blocks()) events += block.length;
    expect(events).toBe(3);
  });

  it('compiles again when the cached copy was kept under another key', async () => {
    const path = file('a.csv', TEXT);
    const { path: own } = await compileTrace(path);
    const other = await compileTrace(file('b.csv', TEXT.replace('9,', '8,')));
    const { sha256 } = (await openTrace(other)).totals;
    // As generated traces are kept: the key is not the hash of the text.
    for (const name of [basename(own), basename(own).replace(SHA, sha256), `${SHA}-${sha256}-v1.rtrace`]) {
      rmSync(own, { force: true });
      cpSync(other.path, join(dirname(own), name));
      expect((await opened(path)).totals.sha256).toBe(SHA);
    }
  });

  it('uses a binary trace where it lies, and a compressed one from the cache', async () => {
    const binary = join(folder, 'a.rtrace');
    const source = await opened(file('a.csv', TEXT));
    await writeTrace(source, binary, 'binary');
    expect((await compileTrace(binary)).path).toBe(binary);
    // Whatever the name says.
    for (const name of ['a.rtrace.gz', 'b.rtrace'])
      expect((await opened(file(name, gzipSync(readFileSync(binary))))).totals.sha256).toBe(SHA);
  });

  it('knows a compressed file again without decoding it, and no other file for it', async () => {
    const own = file('a.csv.gz', gzipSync(TEXT));
    const { path: cached } = await compileTrace(own);
    const kept = dirname(cached);
    const raw = await rawFile(own);
    expect(await decodedKey(kept, raw)).toBe(SHA);
    const other = file('b.csv.gz', gzipSync(TEXT.replace('9,', '8,')));
    const changed = await rawFile(other);
    expect(await decodedKey(kept, changed)).toBeUndefined();
    // As after a copy of the cache in which names were mixed up.
    const nameOf = ({ sha256 }: { sha256: string }) => join(kept, `${sha256}.decoded`);
    cpSync(nameOf(raw), nameOf(changed));
    expect((await opened(other)).totals.lastTimeUs).toBe(8);
    writeFileSync(nameOf(raw), readFileSync(nameOf(raw), 'utf8').replace(/ \d+ /, ' 5 '));
    expect(await decodedKey(kept, raw)).toBeUndefined();
    expect((await opened(own)).totals.lastTimeUs).toBe(9);
    expect(await decodedKey(kept, raw)).toBe(SHA);
  });

  it('decodes a compressed file again that expands to more than is allowed now', async () => {
    const raw = { sha256: 'a'.repeat(64), bytes: 100_000 };
    mkdirSync(join(folder, 'kept'));
    await keepDecodedKey(join(folder, 'kept'), raw, { key: SHA, bytes: 65 * 2 ** 20 });
    expect(await decodedKey(join(folder, 'kept'), raw)).toBe(SHA);
    limitExpansion(2);
    try {
      expect(await decodedKey(join(folder, 'kept'), raw)).toBeUndefined();
    } finally {
      limitExpansion(1000);
    }
  });

  it('leaves no file behind when the text is wrong', async () => {
    const path = file('a.csv', `${TEXT}3,exit,1,,,\n`);
    await expect(compileTrace(path)).rejects.toThrow(/a\.csv:6:1: time runs backwards from 9 to 3/);
    expect(readdirSync(join(folder, 'cache', 'reclaim-bench'))).toEqual([]);
  });

  it('says what is wrong with files that are no traces', async () => {
    await expect(compileTrace(join(folder, 'none.csv'))).rejects.toThrow(/none\.csv: no such file/);
    await expect(compileTrace(folder)).rejects.toThrow(/is a directory, expected a file/);
    await expect(compileTrace(file('empty.csv', ''))).rejects.toThrow(/empty\.csv: the input is empty/);
    await expect(
      compileTrace(file('a.xz', Uint8Array.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]))),
    ).rejects.toThrow(/a\.xz: the compressed data is damaged \(unexpected end of file\)/);
    await expect(compileTrace(file('a.csv.gz', gzipSync(TEXT).subarray(0, 40)))).rejects.toThrow(
      /the compressed data is damaged/,
    );
    await expect(compileTrace(file('a.csv.br', TEXT))).rejects.toThrow(/the compressed data is damaged/);
  });

  it('drops the longest unused compiled traces beyond the limit', async () => {
    const old = file('old.rtrace', new Uint8Array(600));
    const kept = file('new.rtrace', new Uint8Array(600));
    await trimCache(folder, kept, 1000);
    expect(readdirSync(folder)).not.toContain('old.rtrace');
    expect(readdirSync(folder)).toContain('new.rtrace');
    expect(old).not.toBe(kept);
  });
});

describe('writing traces', () => {
  it('converts both ways, and keeps the hash of the text', async () => {
    const source = await opened(file('a.csv', TEXT));
    const binary = join(folder, 'b.rtrace');
    await writeTrace(source, binary, formOf(binary));
    const back = await opened(binary);
    expect(back.totals.sha256).toBe(SHA);
    const text = join(folder, 'c.csv');
    expect(await writeTrace(back, text, formOf(text))).toEqual({ events: 3, sha256: SHA });
    expect(readFileSync(text, 'utf8')).toBe(TEXT);
  });

  it('numbers lines as the text form has them', async () => {
    const text =
      '# source: test\ntime_us,op,space,page,count,arg\n0,mark,,,,"a\nb"\n1,spawn,1,,,\n2,exit,1,,,\n';
    const binary = join(folder, 'b.rtrace');
    await writeTrace(await opened(file('a.csv', text)), binary, 'binary');
    const lines: number[] = [];
    const trace = await opened(binary);
    for await (const block of trace.blocks())
      for (let row = 0; row < block.length; row++) lines.push(trace.place(block, row).line!);
    expect(lines).toEqual([3, 5, 6]);
  });

  it('writes nothing when it cannot write all', async () => {
    const source = await opened(file('a.csv', TEXT));
    await expect(writeTrace(source, join(folder, 'none', 'x.csv'), 'text')).rejects.toThrow(
      /x\.csv: no such file/,
    );
    await expect(writeTrace(source, join(folder, 'x.rtrace.gz'), 'binary')).rejects.toThrow(
      /a binary trace is written plain/,
    );
    await expect(writeTrace(source, join(folder, 'x.csv.zst'), 'text')).rejects.toThrow(
      /this compression cannot be written/,
    );
    expect(readdirSync(folder).sort()).toEqual(['a.csv', 'cache']);
  });
});
