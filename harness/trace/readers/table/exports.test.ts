import { describe, expect, it } from 'vitest';
import { inputOf, requestReader, requestsIn } from '../../../testing/readers.js';
import { detectReader } from '../detect.js';

const csv = requestReader('csv');

/** What a reader says of a content besides its requests. */
async function said(content: string, given: Record<string, string> = {}) {
  const input = inputOf(csv, content, { given });
  for await (const _ of csv.read(input));
  const { account } = input;
  return { leftOut: account.leftOut, remarks: account.remarks.map(([what]) => what), total: account.total };
}

describe('what exports of other programs have', () => {
  const rows = async (content: string, given = {}) =>
    (await requestsIn(csv, content, { given })).map(({ id, size, write, timeUs }) => [
      Number(id),
      size,
      write ? 'w' : 'r',
      timeUs,
    ]);
  const plain = [
    [7, 512, 'r', 1e6],
    [8, 0, 'r', 2e6],
  ];

  it.each([
    ['a line of blanks', 'time,id,size\n1,7,512\n   \n2,8,0\n'],
    ['delimiters at the end of rows', 'time,id,size\n1,7,512,\n2,8,0,\n'],
    ['delimiters at the end of rows without a header', '1,7,512,\n2,8,0,\n'],
    ['what Excel says of its delimiter', 'sep=;\ntime;id;size\n1;7;512\n2;8;0\n'],
    ['names of rows, as R writes them', '"time" "id" "size"\n"1" 1 7 512\n"2" 2 8 0\n'],
    ['sizes that are not available', 'time,id,size\n1,7,5.12e2\n2,8,NA\n'],
    [
      'dates without seconds or with slashes',
      'time,id,size\n1970/01/01 00:00:01,7,512\n1970-1-1T0:00:02,8,NaN\n',
    ],
    ['seconds and microseconds in two columns', 'tv_usec,id,size,tv_sec\n0,7,512,1\n0,8,null,2\n'],
    ['one line longer than a head', `time,id,size,note\n1,7,512,${'x'.repeat(1 << 16)}\n2,8,0,x\n`],
  ])('%s', async (_, content) => {
    expect(await rows(content)).toEqual(plain);
    expect(detectReader(Buffer.from(content).subarray(0, 1 << 16), 'x', 'requests').reader.name).toBe('csv');
  });

  it('parts of a second, of which no digit is lost', async () => {
    expect((await rows('ts_sec,ts_nsec,id\n1700000000,123456789,1\n'))[0]![3]).toBe(1_700_000_000_123_456);
  });

  it('values that are missing are counted', async () => {
    const content = 'time,id,size\n1,7,\nNaN,8,1\n3,NA,1\n4,,1\n';
    expect((await rows(content)).map(([id, , , time]) => [id, time])).toEqual([
      [7, 1e6],
      [8, 1e6],
    ]);
    expect(await said(content)).toEqual({
      leftOut: [['lines without an id', 2]],
      remarks: [
        'times without a unit taken as seconds (unit=… says otherwise)',
        'sizes that are missing, taken as 0',
        'times that are missing, taken as the one before',
      ],
      total: 5,
    });
  });

  it('operations in a column of any name, of yes or no, and as blktrace writes them', async () => {
    const ops = async (content: string) => (await rows(content)).map(([, , op]) => op).join('');
    expect(await ops('TIME(s) DISK T SECTOR\n1 sda W 8\n1 sda R 8\n')).toBe('wr');
    expect((await said('time,id,T\n1,1,W\n1,2,R\n', { unit: 's' })).remarks).toEqual([
      'column "T" taken as operations',
    ]);
    expect(await ops('id,is_write\n1,True\n1,False\n')).toBe('wr');
    expect(await ops('id,is_read\n1,1\n1,0\n')).toBe('rw');
    expect(await ops('id,rwbs\n1,RA\n1,WS\n1,FWFS\n1,D\n')).toBe('rww');
    expect(await ops('id,op\n1,pread64\n1,pwrite64\n')).toBe('rw');
  });

  it('offsets in files, of which each has its own', async () => {
    const requests = await requestsIn(csv, 'time,path,offset,size\n1,/a,0,1\n2,/b,0,1\n3,/a,0,1\n');
    expect(requests.map(({ id, volume }) => [id, volume])).toEqual([
      [0n, -1],
      [0n, -2],
      [0n, -1],
    ]);
  });

  it('one column, below its name', async () => {
    expect((await requestsIn(csv, 'id\n7\n8\n')).map(({ id }) => id)).toEqual([7n, 8n]);
    expect(await requestsIn(csv, 'url\nhttp://a/?b,c d\nhttp://a\n')).toHaveLength(2);
  });

  it('columns of which none is known as an id are asked for by name', () => {
    expect(() => detectReader(Buffer.from('ts,thing,bytes\n1,2,3\n'), 'x.csv')).toThrow(
      /^x\.csv: no known format fits: csv: line 1 has no column of ids: say which one is, of thing, as in csv:id=thing;/,
    );
    expect(() => detectReader(Buffer.from('time,id\n10/01/2023 12:00,2\n'), 'x.csv')).toThrow(
      /csv: line 2 has the time "10\/01\/2023 12:00", expected a number or a date and time/,
    );
  });

  it('remarks on times, which are none where only the order counts', async () => {
    const input = inputOf(csv, 'time,id,ttl\n1,2,3\n');
    for await (const _ of csv.read(input));
    expect(input.account.untimedRemarks).toEqual([['columns that are not read: ttl', 1]]);
  });
});
