import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.js';
import { EVENT_SAMPLES } from '../../testing/event-samples.js';
import { propertyRuns } from '../../testing/property-runs.js';
import {
  eventsOf,
  inputOf,
  REQUEST_READERS,
  requestReader,
  requestsIn,
  sampleOf,
} from '../../testing/readers.js';
import { FIELDS, packed, SAMPLES, type Sample } from '../../testing/requests.js';
import { BATCH_CAPACITY } from '../requests/batch.js';
import { detectReader } from './detect.js';
import { FIT, type Reader, type RequestReader } from './reader.js';
import { checkSides, READERS, readerOf } from './registry.js';
import { foreignText } from './scan/encoding.js';
import { headLines } from './scan/lines.js';

const FOLDER = packageFile('harness', 'trace', 'readers');
const README = readFileSync(`${FOLDER}/README.md`, 'utf8');

/** What a reader makes of a content, with the parameters and side inputs of its sample. */
function read(reader: Reader, content: string | Uint8Array, pieces?: readonly number[]): Promise<unknown> {
  const { given = {}, sides = {} } = EVENT_SAMPLES[reader.name] ?? {};
  const options = { given, sides, ...(pieces ? { pieces } : {}) };
  return reader.yields === 'events'
    ? eventsOf(reader, content, options)
    : requestsIn(reader, content, options);
}

const escaped = (text: string) => text.replaceAll('|', '\\|');

/** What the ids of requests are numbers of. */
function unitOf({ kind, idBytes, blockBytes }: RequestReader): string {
  if (kind === 'object') return 'objects (sectors with `--split`)';
  if (blockBytes !== undefined) return `blocks of ${blockBytes} bytes`;
  const units: Readonly<Record<number, string>> = {
    1: kind === 'memory' ? 'addresses' : 'bytes',
    512: 'sectors',
  };
  return units[idBytes] ?? `pages of ${idBytes} bytes`;
}

/** The row of a reader in the README. */
function row(reader: Reader): string {
  const { name, extensions, summary } = reader;
  const files = extensions.map((extension) => `\`${extension}\``).join(', ');
  const ids = reader.yields === 'requests' ? ` ${unitOf(reader)} | ${reader.timed ? 'yes' : 'no'} |` : '';
  return `| \`${name}\` | ${files} | ${escaped(summary)} |${ids}`;
}

/** The rows of its parameters and side inputs there. */
function parameterRows({ name, parameters, sides }: Reader): string[] {
  const values = Object.entries(parameters).map(([key, parameter]) => {
    if (parameter.kind === 'list') return [`${key}=${parameter.example}`, parameter.meaning];
    const value = parameter.kind === 'choice' ? parameter.choices.join('|') : parameter.default;
    return [`${key}=${value}`, parameter.meaning];
  });
  const files = Object.entries(sides).map(([side, { meaning }]) => [`--with ${side}=FILE`, meaning]);
  return [...values, ...files].map(
    ([form, meaning]) => `| \`${name}\` | \`${escaped(form!)}\` | ${escaped(meaning!)} |`,
  );
}

describe.each(READERS.map((reader) => [reader.name, reader] as const))('the reader of %s', (name, reader) => {
  const sample = sampleOf(reader);

  it('says what it reads and where that is described, here and in the README', () => {
    expect(name).toMatch(/^[A-Za-z][A-Za-z0-9-]*$/);
    expect(reader.summary.length).toBeGreaterThan(20);
    expect(reader.source.length).toBeGreaterThan(20);
    for (const extension of reader.extensions) expect(extension).toMatch(/^\.[a-z.]+$/);
    const rows = [row(reader), ...parameterRows(reader)];
    expect(rows.filter((line) => !README.includes(`\n${line}\n`))).toEqual([]);
    if (reader.yields === 'events') return;
    expect(Math.log2(reader.idBytes) % 1).toBe(0);
    expect(reader.idBytes).toBeLessThanOrEqual(4096);
  });

  it('has a sample', () => {
    const where = reader.yields === 'events' ? 'event-samples.ts, EVENT_SAMPLES' : 'requests.ts, SAMPLES';
    if (!sample) expect.fail(`there is no sample of ${name}: add one to harness/testing/${where}`);
    expect(sample.wrong.length).toBeGreaterThan(0);
  });
  if (!sample) return;

  it('reads its sample, whatever the pieces it comes in', async () => {
    const expected = 'events' in sample ? sample.events : sample.requests;
    expect(await read(reader, sample.bytes)).toEqual(expected);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), async (sizes) => {
        expect(await read(reader, sample.bytes, sizes)).toEqual(expected);
      }),
      { numRuns: propertyRuns(20) },
    );
  });

  it('detects it', () => {
    expect(reader.detect(sample.bytes).fit).not.toBe(FIT.none);
    const asked = ['chromium', 'mariadb', 'guests'];
    if (asked.includes(name)) return;
    expect(detectReader(sample.bytes, sample.file).reader.name).toBe(name);
    expect(detectReader(sample.bytes, `${sample.file.toUpperCase()}.gz`).reader.name).toBe(name);
  });

  it('says why other samples are not of its format: the line or record, and what was expected', () => {
    for (const other of READERS) {
      const head = sampleOf(other)?.bytes;
      const detection = head && reader.detect(head);
      if (detection?.fit !== FIT.none) continue;
      expect(detection.why, other.name).toMatch(
        /^(line \d+|binary record \d+|\d+ bytes, expected|the first binary|this is binary)/,
      );
      expect(detection.why, other.name).not.toMatch(/\n|undefined|NaN/);
      expect(detection.why.length, other.name).toBeLessThan(200);
    }
  });

  it('refuses other files in one line, with the place', async () => {
    for (const [bytes, message] of sample.wrong)
      await expect(read(reader, Buffer.from(bytes))).rejects.toThrow(message);
    await expect(read(reader, Buffer.alloc(0))).rejects.toThrow(
      /^x(:1:1)?: (the input is empty|no (requests|system calls|page accesses|snapshots))/,
    );
    for (const other of READERS) {
      const head = sampleOf(other)?.bytes;
      if (!head || reader.detect(head).fit !== FIT.none) continue;
      // These take what they are only named for: detection asks for more than a form.
      if (['arc', 'webcachesim'].includes(name)) continue;
      await expect(read(reader, head), other.name).rejects.toThrow(/^x(:\d+(:\d+)?|: byte \d+)?: [^\n]+$/);
    }
  });
});

/** Lines of a sample, or records where it is binary. */
function unitsOf({ bytes, requests, leftOut = [] }: Sample): number {
  const left = leftOut.reduce((sum, [, count]) => sum + count, 0);
  return headLines(bytes).length > 0
    ? bytes.toString('latin1').split('\n').length - 1
    : requests.length + left;
}

describe('accounts', () => {
  it.each(REQUEST_READERS)('of $name count every line or record once', async (reader) => {
    const sample = SAMPLES[reader.name]!;
    const input = inputOf(reader, sample.bytes);
    for await (const _ of reader.read(input));
    expect(input.account.total).toBe(unitsOf(sample));
    if (sample.leftOut) expect(input.account.leftOut).toEqual(sample.leftOut);
  });
});

describe('the registry', () => {
  it('has every reader of the folder, and samples of no others', () => {
    const files = readdirSync(FOLDER).filter((file) => /^[a-z-]+\.ts$/.test(file));
    const support = ['reader.ts', 'registry.ts', 'marks.ts', 'account.ts', 'detect.ts'];
    expect(files.filter((file) => !support.includes(file))).toHaveLength(REQUEST_READERS.length);
    const folders = readdirSync(FOLDER).filter((name) => existsSync(`${FOLDER}/${name}/import.ts`));
    expect(folders).toHaveLength(READERS.length - REQUEST_READERS.length);
    const names = READERS.map(({ name }) => name);
    const samples = [...Object.keys(SAMPLES), ...Object.keys(EVENT_SAMPLES)];
    expect(samples.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('detects formats without a name that helps', () => {
    const alike: Readonly<Record<string, string>> = {
      txt: 'pages',
      chromium: 'strace',
      mariadb: 'strace',
    };
    for (const reader of READERS) {
      const bytes = sampleOf(reader)?.bytes;
      if (bytes && reader.name !== 'guests')
        expect(detectReader(bytes, 'x').reader.name).toBe(alike[reader.name] ?? reader.name);
    }
  });

  it('asks where two formats fit that read a file differently', () => {
    const ask = (content: string, file = 'x', wanted?: Reader['yields']) => {
      return () => detectReader(Buffer.from(content), file, wanted).reader.name;
    };
    const four = '0 1 4096 0\n1 2 4096 0\n';
    expect(ask(four)).toThrow(
      /^x: 2 formats fit: webcachesim \(.*\), and arc \(.*\); expected one to be named: --reader webcachesim or --reader arc$/,
    );
    // Pages that changed at the same time, in order.
    const pages = '0 1 4096 3\n0 1 4097 0\n0 2 4096 1\n';
    expect(ask(pages)).toThrow(/^x: 2 formats fit: guests .*, and webcachesim/);
    expect(ask(pages, 'x', 'requests')()).toBe('webcachesim');
    expect(ask('1 2 3 4 5 6 7 8 9 10 11 12 13\n')).toThrow(
      /webcachesim: line 1 is all there is, with 13 numbers/,
    );
    // An ending that few formats have decides; one that many have does not.
    expect(ask(four, 'P6.lis.gz')()).toBe('arc');
    expect(ask(four, 'a.tr')).toThrow(/2 formats fit/);
    // The third numbers of arc are nothing, its last ones count up.
    expect(ask('7 1 0 0\n9 1 0 1\n')()).toBe('arc');
    expect(ask('0 4 1111 0\n1 10 1333 2\n2 9 1296 0\n', 'x', 'requests')()).toBe('webcachesim');
    expect(ask('7\n8\n', 'a.txt')()).toBe('txt');
  });

  it('says that a log is for the reader of one program, too', () => {
    const log = (file: string) =>
      Buffer.from(`1 10.000000 openat(AT_FDCWD, "${file}", O_RDWR) = 3 <0.000010>\n`);
    expect(detectReader(log('/var/lib/mysql/ibdata1'), 'x')).toMatchObject({ also: ['mariadb'] });
    expect(detectReader(log('/tmp/x'), 'x')).toMatchObject({ also: [] });
  });

  it('names text that is not UTF-8 with LF', () => {
    const message = (head: Buffer) => () => detectReader(head, 'x');
    expect(message(Buffer.from('time,id\n1,2\n', 'utf16le'))).toThrow(
      /^x: this is UTF-16, expected UTF-8: iconv -f UTF-16LE/,
    );
    expect(message(Buffer.from('\ufefftime,id\n', 'utf16le'))).toThrow(/this is UTF-16/);
    expect(message(Buffer.from('time,id\n', 'utf16le').swap16())).toThrow(/iconv -f UTF-16BE/);
    expect(message(Buffer.from('time,id\r1,2\r'))).toThrow(
      /^x: lines end in CR only, expected LF or CR LF: tr /,
    );
  });

  it('says of any bytes in one line why they are not of a format', () => {
    const samples = READERS.flatMap((reader) => sampleOf(reader)?.bytes ?? []);
    const mutated = fc
      .tuple(fc.constantFrom(...samples), fc.nat(), fc.uint8Array({ maxLength: 3 }))
      .map(([bytes, at, other]) => {
        const cut = at % (bytes.length + 1);
        return Buffer.concat([bytes.subarray(0, cut), other, bytes.subarray(cut + other.length)]);
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), mutated), (head) => {
        for (const reader of READERS) {
          const detection = reader.detect(head);
          if (detection.fit !== FIT.none) continue;
          expect(detection.why, reader.name).toMatch(/^[^\n\r]{10,250}$/);
          expect(detection.reached, reader.name).toBeLessThanOrEqual(head.length + 1);
        }
      }),
      { numRuns: propertyRuns(300) },
    );
  });

  it('says in one line why names with line breaks are not of a format', () => {
    const head = Buffer.from('time,op,obj_si\r\u0001\u0001obj_id,ttl\n1.5,get,7,0\n');
    expect(readerOf('csv').reader.detect(head)).toMatchObject({
      why: expect.stringMatching(
        /^line 1 has no column of ids: .* obj_si\\x0d\\x01\\x01obj_id, ttl, as in csv:id=/,
      ),
    });
    const long = Buffer.from(`${'x'.repeat(5000)},${'y'.repeat(5000)}\n1,2\n`);
    expect(readerOf('csv').reader.detect(long)).toMatchObject({ why: expect.stringMatching(/^.{10,250}$/) });
  });

  it('takes parameters of a reader', async () => {
    const { values } = readerOf('csv:id=3,time=1');
    const csv = requestReader('csv');
    const lines = '9|x|5\n';
    expect(await requestsIn(csv, lines, { values })).toMatchObject([{ id: 5n, timeUs: 9e6, size: 0 }]);
    expect(readerOf('postgresql:resize=0.5:32MiB+1:64MiB').values.resize).toBe('0.5:32MiB+1:64MiB');
    expect(() => readerOf('csv:di=3')).toThrow(
      /unknown parameter of reader csv "di", expected one of time, id/,
    );
    expect(() => readerOf('csv:id')).toThrow(/"id" in "csv:id" is not a parameter, expected key=value/);
    expect(() => readerOf('pages:id=1')).toThrow(/unknown parameter of reader pages "id", there are none/);
    expect(() => readerOf('orcaleGeneral')).toThrow(/unknown reader "orcaleGeneral".* oracleGeneral\?$/);
    expect(() => readerOf('guests')).toThrow('reader guests needs the parameter names, as in names=base+web');
    await expect(requestsIn(csv, lines, { given: { id: '4' } })).rejects.toThrow(
      /expected at least 4 for id=4/,
    );
    await expect(requestsIn(csv, lines, { given: { time: '1' } })).rejects.toThrow(/no column of ids/);
  });

  it('takes side inputs of a reader, and no others', () => {
    const sides = (name: string, given: Readonly<Record<string, string>>) => () =>
      checkSides(READERS.find((reader) => reader.name === name)!, given);
    expect(sides('strace', { marks: 'm' })).not.toThrow();
    expect(sides('strace', {})).not.toThrow();
    expect(sides('mariadb', {})).toThrow(
      /^reader mariadb needs the page faults of the database, .*, expected --with faults=FILE$/,
    );
    expect(sides('mariadb', { faluts: 'f' })).toThrow(
      'unknown side input of reader mariadb "faluts", expected one of faults; did you mean faults?',
    );
    expect(sides('msr', { marks: 'm' })).toThrow('unknown side input of reader msr "marks", there are none');
  });

  it('says of the nearest formats why they do not fit', () => {
    const refused = (content: string, file = 'x') => {
      try {
        detectReader(Buffer.from(content), file);
      } catch (error) {
        return (error as Error).message;
      }
      return undefined;
    };
    expect(refused('hello\n')).toMatch(
      /^x: no known format fits: strace: line 1: "hello" has no call with its arguments, expected a call [^;]*; csv: line 1 has one field, expected at least 2; name it with --reader \(reclaim readers lists all\)$/,
    );
    // By what is right in it: two lines and a part of the third.
    expect(refused('1,hm,1,Read,0,512,1\n2,hm,1,Read,0,512,1\n3,hm,a,Read,0,512,1\n')).toMatch(
      /^x: no known format fits: msr: line 3, column 6: "a" is wrong here, expected the number of a disk; name it/,
    );
    expect(refused('[{"time": 1}]\n')).toMatch(/^x: this is JSON, expected a request a line: jq/);
    expect(refused('PAR1\0\0')).toMatch(/^x: this is Parquet/);
    // By its name.
    expect(refused('x\n', 'a.lackey.gz')).toMatch(
      /no known format fits: lackey: line 1, column 1: "x" is wrong/,
    );
    expect(refused('time,id\n1,2\n1,2,3\n')).toMatch(
      /csv: line 3, column 4: "," is wrong here, expected 2 columns/,
    );
    expect(refused('')).toMatch(/^x: the input is empty/);
  });

  it('where requests are wanted, names no reader of events', () => {
    const head = Buffer.from('some words of a text\n');
    expect(() => detectReader(head, 'x')).toThrow(/strace: line 1/);
    expect(() => detectReader(head, 'x', 'requests')).toThrow(
      /^(?!.*(strace|guests|postgresql): ).*no known format fits/,
    );
  });
});

describe('the first lines of a file', () => {
  /** All lines of a head, as one expression. */
  function plain(head: Uint8Array) {
    const lines = Buffer.from(head).toString('latin1').split('\n');
    // Lines that end in CR only are refused by their name.
    if (lines.length === 1 && /\r[\s\S]/.test(lines[0]!)) return [];
    if (lines.length > 1 && head.length >= 65_536) lines.pop();
    const starts = lines.map((_, i) => lines.slice(0, i).reduce((sum, line) => sum + line.length + 1, 0));
    return lines
      .map((line, i) => ({ number: i + 1, text: line.replace(/\r$/, ''), start: starts[i]! }))
      .filter(({ text }) => /\S/.test(text) && !text.startsWith('#'))
      .slice(0, 50);
  }

  it('are 50 at most that say something, the last one whole', () => {
    const line = fc.constantFrom('', '#', '# no', 'a', '1,2', 'b\r', '\r', 'c\r\r', ' \t');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 120 }), fc.boolean(), fc.boolean(), (lines, long, ended) => {
        const text = `${lines.join('\n')}${ended ? '\n' : ''}`;
        const head = Buffer.from(long ? `${text}${'x'.repeat(65_536 - text.length)}` : text);
        // A text whose lines end in CR only has none.
        if (foreignText(head) === undefined) expect(headLines(head)).toEqual(plain(head));
        else expect(headLines(head)).toEqual([]);
      }),
      {
        examples: [
          [['a'], true, false],
          [['a', 'b'], true, true],
          [[], false, false],
          [['c\r\r'], false, false],
        ],
      },
    );
  });
});

describe('batches', () => {
  const lengths = async (name: string, bytes: Uint8Array, pieces: readonly number[]) => {
    const reader = requestReader(name);
    const found: number[] = [];
    for await (const batch of reader.read(inputOf(reader, bytes, { pieces }))) found.push(batch.length);
    return found;
  };

  it('are of 64 Ki records, and errors find their byte in later ones', async () => {
    const records = Array.from({ length: BATCH_CAPACITY + 3 }, (_, i) => [i, i, 1, -1] as const);
    const bytes = packed(FIELDS.oracleGeneral, ...records);
    expect(await lengths('oracleGeneral', bytes, [100_000])).toEqual([BATCH_CAPACITY, 3]);
    await expect(read(requestReader('oracleGeneral'), bytes.subarray(0, -1), [100_000])).rejects.toThrow(
      `x: byte ${(BATCH_CAPACITY + 2) * 24}: record ${BATCH_CAPACITY + 3} is cut short: 23 bytes`,
    );
  });

  it('are of 64 Ki lines, and long runs go on in the next', async () => {
    const lines = Buffer.from(`w1 ${BATCH_CAPACITY * 2 + 1}\r\nr2 1`);
    expect(await lengths('lackey-run', lines, [5])).toEqual([BATCH_CAPACITY, BATCH_CAPACITY, 2]);
  });

  it('vscsi version 1 is read as well', async () => {
    const bytes = packed(
      FIELDS.vscsi1,
      [1, 512, 1, 0x8a, 0x100, 9, 100],
      [2, 1024, 1, 0x08, 0x100, 2n ** 33n, 2n ** 34n],
    );
    expect(await requestsIn(requestReader('vscsi'), bytes)).toMatchObject([
      { id: 9n, size: 512, write: true, timeUs: 100 },
      { id: 2n ** 33n, size: 1024, write: false, timeUs: 2 ** 34 },
    ]);
    expect(detectReader(bytes, 'x').reader.name).toBe('vscsi');
  });

  it('refuse a line that never ends', async () => {
    await expect(read(requestReader('pages'), Buffer.alloc(3 << 20, 0x31), [1 << 18])).rejects.toThrow(
      /^x: a line of more than/,
    );
  });
});

describe('numbers in text', () => {
  const id = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 10n ** 16n), fc.bigInt(0n, 2n ** 33n));
  it('are exact up to 2^64 - 1, decimal and hexadecimal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(id, { minLength: 1 }), fc.nat(), async (ids, zeros) => {
        const lines = ids
          .map((n, i) => (i % 2 ? `0x${n.toString(16)}` : `${'0'.repeat(zeros % 30)}${n}`))
          .join('\n');
        expect((await requestsIn(requestReader('pages'), lines)).map((request) => request.id)).toEqual(ids);
      }),
    );
  });

  it('of 1 to 18 hexadecimal digits are exact, or refused with their place', async () => {
    const digits = fc.string({
      unit: fc.constantFrom(...'0123456789abcdefABCDEF'),
      minLength: 1,
      maxLength: 18,
    });
    const readers = { address: (hex: string) => `l 0x${hex} 3\n`, pages: (hex: string) => `0x${hex}\n` };
    await fc.assert(
      fc.asyncProperty(digits, fc.constantFrom('address', 'pages'), async (hex, name) => {
        const requests = requestsIn(requestReader(name), readers[name](hex));
        if (hex.length <= 16) expect((await requests)[0]!.id).toBe(BigInt(`0x${hex}`));
        else await expect(requests).rejects.toThrow(/:1:\d+: .*below 2\^64/);
      }),
    );
  });
});
