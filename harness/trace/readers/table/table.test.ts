import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.js';
import { anyText } from '../../../testing/arbitrary.js';
import { propertyRuns } from '../../../testing/property-runs.js';
import { inputOf, lruMisses, requestReader, requestsIn } from '../../../testing/readers.js';
import { fnv1a, type Request } from '../../../testing/requests.js';
import { BATCH_CAPACITY } from '../../requests/batch.js';
import { ReferenceMapper } from '../../requests/references.js';
import { detectReader } from '../detect.js';
import { TextHash } from '../scan/hash.js';

const csv = requestReader('csv');

/** Files of other programs' forms, constructed; README there. */
function caseFile(name: string): Buffer {
  return readFileSync(packageFile('harness', 'testing', 'cases', name));
}

/** What a request is to. */
const keyOf = ({ id, volume }: Request) => `${volume}:${id}`;

/** What a reader says of a content besides its requests. */
async function said(content: string | Buffer, given: Record<string, string> = {}) {
  const input = inputOf(csv, content, { given });
  for await (const _ of csv.read(input));
  const { account } = input;
  return { leftOut: account.leftOut, remarks: account.remarks.map(([what]) => what), total: account.total };
}

describe('tables in the form in which other programs write them', () => {
  it.each([
    ['alibaba.csv', 'alibaba', 29, 18, 39_000],
    ['bom.csv', 'csv', 29, 0, 39e6],
    ['cachelib-cdn.csv', 'csv', 29, 0, 39e6],
    ['cachelib.csv', 'csv', 29, 18, 39e6],
    ['capsop.csv', 'csv', 29, 18, 39e6],
    ['crlf.csv', 'csv', 29, 0, 39e6],
    ['datetime.csv', 'csv', 29, 0, 39e6],
    ['hash-a.txt', 'txt', 29, 0, 0],
    ['hash.txt', 'txt', 29, 0, 0],
    ['lrb.csv', 'csv', 29, 0, 39e6],
    ['ms.csv', 'csv', 29, 0, 19_500_000],
    ['msr-nohdr.csv', 'msr', 29, 18, 3900],
    ['nosize.csv', 'csv', 29, 0, 39e6],
    ['pandas-index.csv', 'csv', 29, 0, 39e6],
    ['quoted-str.csv', 'csv', 29, 0, 39e6],
    ['quoted.csv', 'csv', 29, 0, 39e6],
    ['scsi-op.csv', 'csv', 40, 18, 14_155e6],
    ['semicolon-decimal.csv', 'csv', 29, 0, 39e6],
    ['spaces.csv', 'csv', 29, 0, 39e6],
    ['str.txt', 'txt', 29, 0, 0],
    ['systor.csv', 'systor', 29, 18, 390_000],
    ['trailing.csv', 'csv', 29, 0, 39e6],
    ['tsus.csv', 'csv', 29, 0, 19_500],
    ['tsus2.csv', 'csv', 29, 0, 19_500],
    ['twitter.csv', 'twitter', 29, 18, 39e6],
    ['webcachesim3.tr', 'webcachesim', 29, 0, 39e6],
    ['webcachesim4.tr', 'webcachesim', 29, 0, 39e6],
    ['wide.csv', 'csv', 29, 0, 39e6],
    ['wiki.txt', 'wiki', 29, 0, 39e6],
  ])('%s is of %s: %i misses of 4 objects, %i writes, %i µs', async (file, name, misses, writes, lastUs) => {
    const { reader } = detectReader(caseFile(file), file, 'requests');
    expect(reader.name).toBe(name);
    const requests = await requestsIn(requestReader(name), caseFile(file));
    expect(requests).toHaveLength(40);
    expect(lruMisses(requests.map(keyOf), 4)).toBe(misses);
    expect(requests.filter(({ write }) => write)).toHaveLength(writes);
    expect(requests.at(-1)!.timeUs - requests[0]!.timeUs).toBe(lastUs);
  });

  it.each([
    ['cr.csv', /^cr\.csv: lines end in CR only/],
    ['utf16.csv', /^utf16\.csv: this is UTF-16/],
    [
      'hexaddr.csv',
      /csv: line 2 has the address "7f0000003000", hexadecimal without 0x: csv:ids=hex reads it so/,
    ],
    ['neg.csv', /csv: line 2, column 1: "-20" is wrong here, .* \(column 1, "time"\), not negative/],
    ['youtube.dat', /youtube: line 1 has a time and addresses without GETVIDEO; as a table: csv:time=1,id=3/],
  ])('%s is refused for what it is', (file, message) => {
    expect(() => detectReader(caseFile(file), file, 'requests')).toThrow(message);
  });

  it('are read as parameters say where they have no header', async () => {
    const given = { id: '3', size: '4', op: '2', time: '5', volume: '1' };
    const requests = await requestsIn(csv, caseFile('alibaba.csv'), { given });
    expect(requests).toEqual(await requestsIn(requestReader('alibaba'), caseFile('alibaba.csv')));
    const hex = await requestsIn(csv, caseFile('hexaddr.csv'), { given: { ids: 'hex' } });
    expect(lruMisses(hex.map(keyOf), 4)).toBe(29);
    const video = await requestsIn(csv, caseFile('youtube.dat'), { given: { time: '1', id: '3' } });
    expect(lruMisses(video.map(keyOf), 4)).toBe(29);
  });
});

describe('texts as ids', () => {
  it('are hashed as RFC 9923 says', () => {
    const hash = new TextHash();
    const of = (text: string) => {
      hash.of(Buffer.from(text), 0, Buffer.byteLength(text));
      return (BigInt(hash.high) << 32n) | BigInt(hash.low);
    };
    expect(of('')).toBe(0xcbf29ce484222325n);
    expect(of('a')).toBe(0xaf63dc4c8601ec8cn);
    expect(of('foobar')).toBe(0x85944171f73967e8n);
    fc.assert(
      fc.property(anyText, (text) => {
        expect(of(text)).toBe(fnv1a(text));
      }),
    );
  });

  it('have no place to be split by, and are refused among numbers', async () => {
    const mapper = new ReferenceMapper({ pageBytes: 4096 }, 512);
    const input = inputOf(csv, 'time,key\n1,a\n');
    const split = async () => {
      for await (const batch of csv.read(input)) for (const _ of mapper.map(batch));
    };
    await expect(split()).rejects.toThrow(/^--split cuts what has a place/);
    const late = `time,key\n${'1,7\n'.repeat(50)}1,a7\n`;
    await expect(requestsIn(csv, late)).rejects.toThrow(/^x:52:3: "a7" is wrong here, .*ids=text/);
    expect(await requestsIn(csv, late, { given: { ids: 'text' } })).toHaveLength(51);
    await expect(requestsIn(csv, 'time,key\n1,1e+15\n')).rejects.toThrow(/^x:2: has the id "1e\+15"/);
    // A hash of 64 bits with a sign; a place has none.
    expect(await requestsIn(csv, 'time,key\n1,-5\n')).toMatchObject([{ id: 2n ** 64n - 5n }]);
    expect(await requestsIn(csv, 'time,key\n1,-9223372036854775808\n')).toMatchObject([{ id: 2n ** 63n }]);
    await expect(requestsIn(csv, 'time,key\n1,-9223372036854775809\n')).rejects.toThrow(/from -2\^63 on/);
    await expect(requestsIn(csv, 'time,lba\n1,-5\n')).rejects.toThrow(/^x:2: has the id "-5"/);
    expect(await requestsIn(csv, 'time,key\n1,7.0\n')).toMatchObject([{ id: 7n }]);
    await expect(requestsIn(csv, 'time,key\n1,7.5\n')).rejects.toThrow(/^x:2: has the id "7\.5"/);
  });
});

describe('times', () => {
  const times = async (content: string, given = {}) =>
    (await requestsIn(csv, content, { given })).map(({ timeUs }) => timeUs);

  it.each([
    ['time_ms,id\n5,1\n', [5000]],
    ['Time (us),id\n5,1\n', [5]],
    ['timestamp_ns,id\n1700000000000001500,1\n1700000000000003500,1\n', [0, 2]],
    ['ts,id\n1700000000.25,1\n', [1_700_000_000_250_000]],
    ['ts,id\n1700000000123,1\n', [1_700_000_000_123_000]],
    ['ts,id\n1700000000123456789,1\n1700000000123457789,1\n', [0, 1]],
    ['ts,id\n128166372003061629,1\n128166372003061729,1\n', [0, 10]],
    ['ts,id\n1.5e-3,1\n1.7e9,1\n', [1500, 17e14]],
    ['ts;id\n1,5;1\n', [1_500_000]],
    ['date,id\n1970-01-02T00:00:01.5Z,1\n1970-01-02 01:00:01+01:00,1\n', [86_401_500_000, 86_401_000_000]],
    ['id,size\n5,1\n6,1\n', [0, 1]],
  ])('%j are %j', async (content, expected) => {
    expect(await times(content)).toEqual(expected);
  });

  it('are in the unit that a parameter names, and what is assumed is said', async () => {
    expect(await times('ts,id\n5,1\n', { unit: 'ms' })).toEqual([5000]);
    expect((await said('ts,id\n5,1\n')).remarks).toEqual([
      'times without a unit taken as seconds (unit=… says otherwise)',
    ]);
    expect((await said('ts,id\n5,1\n', { unit: 's' })).remarks).toEqual([]);
    expect((await said('id,size,ttl\n5,1,3\n')).remarks).toEqual([
      'no column of times: 1 µs a request',
      'columns that are not read: ttl',
    ]);
    await expect(times('time_s,id\n17000000000000,1\n')).rejects.toThrow(/^x:2:1: .*below 2\^53 micro/);
  });
});

describe('operations and volumes', () => {
  const writes = async (codes: readonly string[], given = {}) => {
    const content = `id,op\n${codes.map((code) => `1,${code}\n`).join('')}`;
    return (await requestsIn(csv, content, { given })).map(({ write }) => (write ? 1 : 0));
  };

  it('are words, bits or codes of SCSI', async () => {
    expect(await writes(['read', 'WRITE', 'R', 'w', 'get', 'SET', 'add', 'cas', 'gets'])).toEqual([
      0, 1, 0, 1, 0, 1, 1, 1, 0,
    ]);
    expect(await writes(['0', '1'])).toEqual([0, 1]);
    expect(await writes(['28', '2a', '0x88', '8A', 'a8', 'aa', '08', '0a'])).toEqual([
      0, 1, 0, 1, 0, 1, 0, 1,
    ]);
    expect(await writes(['40', '42', '136', '138', '168', '170'])).toEqual([0, 1, 0, 1, 0, 1]);
    expect(await writes(['x', 'y', 'y'], { reads: 'y', writes: 'x' })).toEqual([1, 0, 0]);
  });

  it('that are not known are left out by name, or refused where no other is there', async () => {
    expect(await said('id,op\n1,get\n1,delete\n1,delete\n1,touch\n')).toMatchObject({
      leftOut: [
        ['operations "delete"', 2],
        ['operations "touch"', 1],
      ],
      total: 5,
    });
    await expect(writes(['2', '3'])).rejects.toThrow(/^x:2: has an unknown operation: "2", "3"; say what/);
  });

  it('make a block another one on another disk', async () => {
    const volumes = async (content: string, given = {}) =>
      (await requestsIn(csv, content, { given })).map(({ volume }) => volume);
    expect(await volumes('offset,LUN\n1,3\n1,sda\n1,03\n1,sda\n')).toEqual([3, -1, -2, -1]);
    expect(await volumes('1,9,8\n', { id: '1', volume: '2' })).toEqual([9]);
    const both = await volumes('lba,disk,device\n1,1,2\n1,2,1\n1,1,2\n');
    expect(both[0]).toBe(both[2]);
    expect(both[0]).not.toBe(both[1]);
  });

  it('stand for several requests where a column says so, over batches too', async () => {
    const count = BATCH_CAPACITY * 2 + 5;
    const content = `key,op,op_count\na,GET,${count}\na,SET,0\nb,SET,2\n`;
    const requests = await requestsIn(csv, content);
    expect(requests).toHaveLength(count + 2);
    expect(requests.slice(count - 1).map(({ write, timeUs }) => [write, timeUs])).toEqual([
      [false, count - 1],
      [true, count],
      [true, count + 1],
    ]);
    expect(await said(content)).toMatchObject({
      leftOut: [['lines that stand for 0 requests', 1]],
      total: 4,
    });
  });
});

describe('columns', () => {
  const ask = (content: string) => () => detectReader(Buffer.from(content), 'x', 'requests').reader.name;

  it('are asked for where names or numbers do not show them', () => {
    expect(ask('time,id,offset\n1,2,3\n')).toThrow(/csv: line 1 has "id" and "offset": say which is the id/);
    expect(ask('1,2,3,4\n')).toThrow(/csv: line 1 has 4 columns and no header: name them/);
    expect(ask('1,5,3\n0,6,3\n')).toThrow(/csv: line 2 has a time before the last one: name the columns/);
    expect(ask('1,a,3\n')).toThrow(/csv: line 1 has a text as its id: csv:time=1,id=2,ids=text reads it/);
    expect(ask('# time,obj_id,size,ttl\n1,2,3,4\n')()).toBe('csv');
  });

  it('of bytes, sectors and pages are split as what they are', async () => {
    const page = async (content: string, given = {}) => {
      const mapper = new ReferenceMapper({ pageBytes: 4096 }, csv.idBytes);
      for await (const batch of csv.read(inputOf(csv, content, { given })))
        for (const _ of mapper.map(batch));
      return mapper.table.keys().low[0];
    };
    expect(await page('time,offset\n1,8192\n')).toBe(2);
    expect(await page('time,lba\n1,16\n')).toBe(2);
    expect(await page('time,pfn\n1,2\n')).toBe(2);
    expect(await page('time,id\n1,16\n')).toBe(2);
    expect(await page('time,id\n1,8192\n', { id_unit: 'bytes' })).toBe(2);
    expect(await requestsIn(csv, 'id,sectors\n1,8\n')).toMatchObject([{ size: 4096 }]);
  });
});

describe('any table', () => {
  const UNITS = { time_s: 1e6, time_ms: 1e3, timestamp_us: 1 } as const;
  const row = fc.record({
    time: fc.nat(1e9),
    id: fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 100n)),
    size: fc.nat(1e9),
    write: fc.boolean(),
    volume: fc.nat(20),
  });
  const quote = (text: string, quoted: boolean) => (quoted ? `"${text}"` : text);

  it('is read by the names of its columns, whatever their order, delimiter, quotes and blanks', async () => {
    const form = fc.record({
      rows: fc.array(row, { minLength: 1, maxLength: 20 }),
      time: fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[])),
      names: fc.constantFrom(['obj_id', 'objectSize', 'op', 'LUN'], ['lba', 'len', 'IOType', 'volume_id']),
      words: fc.constantFrom(['R', 'W'], ['read', 'WRITE'], ['get', 'set'], ['0x28', '2a'], ['40', '42']),
      order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
      delimiter: fc.constantFrom(',', ';', '\t', '|'),
      quotes: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
      end: fc.constantFrom('\n', '\r\n'),
      mark: fc.constantFrom('', '\ufeff'),
      blank: fc.constantFrom('', ' '),
      tail: fc.constantFrom('', '.0'),
    });
    await fc.assert(
      fc.asyncProperty(
        form,
        async ({ rows, time, names, words, order, delimiter, quotes, end, mark, blank, tail }) => {
          const write = (fields: readonly string[]) =>
            order
              .map((column) => quote(fields[column]!, quotes[column]!))
              .join(`${blank}${delimiter}${blank}`);
          const lines = rows.map((one) =>
            write([
              String(one.time),
              one.id + tail,
              one.size + tail,
              words[one.write ? 1 : 0]!,
              String(one.volume),
              quotes[5] ? `x${delimiter}""` : 'x',
            ]),
          );
          const content =
            mark + [write([time, ...names, 'note']), ...lines].join(end) + (quotes[6] ? end : '');
          expect(await requestsIn(csv, content)).toEqual(
            rows.map((one) => ({
              id: one.id,
              size: one.size,
              write: one.write,
              timeUs: one.time * UNITS[time],
              volume: one.volume,
            })),
          );
        },
      ),
      { numRuns: propertyRuns(300) },
    );
  });

  it('of plain lines is read as the general reader reads it', async () => {
    const line = fc.tuple(
      fc.nat(1e9),
      fc.nat(1e9),
      fc.bigInt(0n, 2n ** 60n),
      fc.constantFrom('get', 'set', 'x'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 30 }), async (rows) => {
        const rowsOf = (blank: string) =>
          rows.map(([time, fraction, id, op]) => `${blank}${time}.${fraction},${id},${op}`).join('\n');
        const header = 'ts,key,op\n1,2,get\n';
        // A blank at the start of a line is not plain.
        const [plain, general] = [header + rowsOf(''), header + rowsOf(' ')];
        expect(await requestsIn(csv, plain)).toEqual(await requestsIn(csv, general));
        expect(await said(plain)).toEqual(await said(general));
      }),
      { numRuns: propertyRuns(100) },
    );
  });
});
