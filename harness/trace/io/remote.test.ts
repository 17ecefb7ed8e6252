import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { chooseWorkload, generate } from '../../experiment/workload.js';
import { temporaryFolder } from '../../testing/folder.js';
import { compileTrace } from '../compile.js';
import { openTrace } from '../trace.js';
import { writeTrace } from '../write.js';
import { decodedBytes } from './input.js';
import { isRemote, localPath } from './remote.js';

const folder = temporaryFolder('reclaim-remote-');
let server: Server;
let base = '';
/** What the server was asked for, and what it has. */
let asked: string[] = [];
let ranges = true;
let validator: string | undefined;
let file: Buffer = Buffer.alloc(0);
/** Spoils an answer; returns whether it did. */
let spoil: (request: number, answer: ServerResponse, bytes: Buffer) => boolean = () => false;

function answerTo(request: IncomingMessage, answer: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  asked.push(request.headers.range ?? 'all');
  if (request.url?.startsWith('/nothing')) {
    answer.writeHead(404, 'Not Found').end();
    return;
  }
  if (validator !== undefined) answer.setHeader('etag', validator);
  const changed = request.headers['if-range'] !== undefined && request.headers['if-range'] !== validator;
  if (!range || !ranges || changed) {
    answer.writeHead(200, { 'content-length': file.length }).end(file);
    return;
  }
  const [from, to] = [Number(range[1]), Math.min(Number(range[2]), file.length - 1)];
  const bytes = file.subarray(from, to + 1);
  answer.writeHead(206, {
    'content-range': `bytes ${from}-${to}/${file.length}`,
    'content-length': bytes.length,
  });
  if (!spoil(asked.length, answer, bytes)) answer.end(bytes);
}

beforeAll(async () => {
  const trace = generate(chooseWorkload('zipf', { events: '200000', pages: '500' }, 1));
  await writeTrace(trace, join(folder(), 'zipf.rtrace'), 'binary');
  server = createServer(answerTo);
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  file = readFileSync(join(folder(), 'zipf.rtrace'));
});
afterAll(() => server.close());

let names = 0;
/** An address that nothing has asked for yet. */
let url = '';
beforeEach(() => {
  [asked, ranges, validator, spoil] = [[], true, `"${Math.random()}"`, () => false];
  url = `${base}/${++names}/zipf.rtrace?x=1`;
});

it('a binary trace is fetched by its blocks, once, and is what it was', async () => {
  const path = await localPath(url);
  expect(readFileSync(path).equals(file)).toBe(true);
  // Its start, its end, its index; what is before the blocks; its four blocks, of which the last are short, in three pieces; index and end.
  expect(asked).toHaveLength(8);
  expect(asked[0]).toBe('bytes=0-65535');
  const pieces = asked.slice(3).map((range) => /(\d+)-(\d+)/.exec(range)!.slice(1).map(Number));
  expect(pieces[0]![0]).toBe(0);
  expect(pieces.at(-1)![1]).toBe(file.length - 1);
  pieces.slice(1).forEach(([from], i) => void expect(from).toBe(pieces[i]![1]! + 1));
  expect(await localPath(url)).toBe(path);
  expect(asked).toHaveLength(8);
  const trace = await openTrace(await compileTrace(url));
  expect([trace.totals.events, trace.name]).toEqual([expect.any(Number), url]);
});

it('an answer that is cut short, damaged or an error is asked for again', async () => {
  spoil = (request, answer, bytes) => {
    if (request === 4) answer.destroy();
    else if (request === 6) answer.end(Buffer.alloc(bytes.length));
    else return false;
    return true;
  };
  expect(readFileSync(await localPath(url)).equals(file)).toBe(true);
  expect(asked).toHaveLength(10);
});

it('what was fetched before a failure is not fetched again', async () => {
  spoil = (request, answer) => {
    if (request < 7) return false;
    answer.destroy();
    return true;
  };
  await expect(localPath(url)).rejects.toThrow(/zipf\.rtrace\?x=1: cannot be fetched: /);
  expect(asked.slice(6)).toEqual(Array(4).fill(asked[6]));
  [asked, spoil] = [[], () => false];
  expect(readFileSync(await localPath(url)).equals(file)).toBe(true);
  // Its start, its end, its index; what is before the blocks; the piece that failed; index and end.
  expect(asked).toHaveLength(6);
});

it('other files are fetched in pieces, and read like any other', async () => {
  const kept = file;
  file = gzipSync('7\n8\n7\n');
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of decodedBytes(url.replace('rtrace?x=1', 'txt.gz'))) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('7\n8\n7\n');
    expect(asked).toHaveLength(2);
  } finally {
    file = kept;
  }
});

it('servers without ranges, and without a version of the file', async () => {
  [ranges, validator] = [false, undefined];
  expect(readFileSync(await localPath(url)).equals(file)).toBe(true);
  expect(asked).toEqual(['bytes=0-65535', 'all']);
});

it('what is not there, or replaced meanwhile, ends with one line', async () => {
  await expect(localPath(`${base}/nothing`)).rejects.toThrow(
    /\/nothing: the server answers HTTP 404 Not Found, expected a file$/,
  );
  spoil = (request) => {
    if (request === 3) validator = '"new"';
    return false;
  };
  await expect(localPath(url)).rejects.toThrow(
    /the file was replaced on the server while it was fetched, try again$/,
  );
  await expect(localPath('http://user:secret@127.0.0.1/x')).rejects.toThrow(/credentials/);
});

it('knows an address from a path', () => {
  expect(['http://a/b', 'HTTPS://a/b', 'a.csv', 'http/x', './https://x'].map(isRemote)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
