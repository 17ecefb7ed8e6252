import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulated } from '../../machine/target.js';
import { validate } from '../../replay/validate.js';
import { temporaryFolder } from '../../testing/folder.js';
import { REQUEST_READERS } from '../../testing/readers.js';
import { FIELDS, packed, SAMPLES, type Sample } from '../../testing/requests.js';
import { compileTrace } from '../compile.js';
import { type ImportOptions, importTrace } from '../import.js';
import { openTrace } from '../trace.js';
import { writeTrace } from '../write.js';

const folder = temporaryFolder('reclaim-import-');
let cache: string | undefined;
beforeAll(() => {
  cache = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(folder(), 'cache');
});
afterAll(() => {
  process.env.XDG_CACHE_HOME = cache;
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder(), name);
  writeFileSync(path, content);
  return path;
}

/** The text of the trace that a file becomes. */
async function imported(path: string, options: ImportOptions = {}): Promise<string> {
  const output = join(folder(), 'out.csv');
  await writeTrace(await importTrace(path, options), output, 'text');
  return readFileSync(output, 'utf8');
}

const BLOCKS = packed(
  FIELDS.vscsi2,
  [0x28, 0x200, 1, 4096, 1, 8, 1000, 3],
  [0x28, 0x200, 2, 8192, 1, 16, 1000, 3],
  [0x2a, 0x200, 3, 512, 1, 8, 1500, 3],
  [0x28, 0x200, 4, 512, 1, 17, 1400, 3],
);

describe('a trace of requests on blocks', () => {
  it('is I/O on one file, a page for each block that is asked for', async () => {
    expect(await imported(file('a.vscsi', BLOCKS))).toBe(
      [
        '# page_size: 4096',
        '# clock: microseconds since the first request',
        '# source: a.vscsi, format vscsi',
        '# provenance: recorded',
        '# note: each object is one page, whatever its size; pages of blocks are numbered in order of first appearance; 1 requests were out of order in time, and are moved to the one before',
        'time_us,op,space,page,count,arg',
        '0,object,,,3,file:blocks',
        '0,pread,,0,2,blocks',
        '500,pwrite,,0,1,blocks',
        '500,pread,,2,1,blocks',
        '',
      ].join('\n'),
    );
  });

  it('is of the pages that requests lie on, when they are split', async () => {
    expect((await imported(file('a.vscsi', BLOCKS), { split: true })).split('\n').slice(4)).toEqual([
      '# note: requests are split into pages of 4096 bytes; pages of blocks are numbered in order of first appearance; 1 requests were out of order in time, and are moved to the one before',
      'time_us,op,space,page,count,arg',
      '0,object,,,3,file:blocks',
      '0,pread,,0,3,blocks',
      '500,pwrite,,0,1,blocks',
      '500,pread,,1,1,blocks',
      '',
    ]);
  });
});

describe('a trace of accesses to memory', () => {
  it('is one space in which the touched regions are mapped', async () => {
    const accesses = [
      '==1== Lackey',
      ' L 00005ffc,8',
      ' S 00007000,4',
      ' S 00008000,4',
      'I  7f0000400000,3',
      '',
    ];
    expect(await imported(file('a.lackey', accesses.join('\n')))).toBe(
      [
        '# page_size: 4096',
        '# clock: one microsecond a request, as the file has no times',
        '# source: a.lackey, format lackey',
        '# provenance: recorded',
        '# note: mapped is what is touched, and gaps of up to 16 pages',
        'time_us,op,space,page,count,arg',
        '0,spawn,1,,,',
        '0,map,1,5,4,anon',
        `0,map,1,${0x7f0000400},1,anon`,
        '0,read,1,5,2,',
        '1,write,1,7,1,',
        '2,write,1,8,1,',
        `3,read,1,${0x7f0000400},1,`,
        '',
      ].join('\n'),
    );
  });

  it('refuses addresses that no program has', async () => {
    await expect(imported(file('a.pages', '1\n0x200000000000\n'))).rejects.toThrow(
      /a\.pages: there is a page 35184372088832, expected page numbers below 2\^45$/,
    );
  });
});

describe('imports', () => {
  /** Of memory: whether the sample has addresses that no program has. */
  const outside = ({ requests }: Sample) => requests.some(({ id }) => id >= 2n ** 57n);
  const addressable = REQUEST_READERS.filter(
    ({ name, kind }) => SAMPLES[name] && name !== 'pages' && !(kind === 'memory' && outside(SAMPLES[name])),
  );
  it.each(addressable.map(({ name }) => name))('of %s are valid traces', async (name) => {
    const sample = SAMPLES[name]!;
    const { kind } = REQUEST_READERS.find((reader) => reader.name === name)!;
    for (const split of kind === 'memory' ? [false] : [false, true]) {
      if (split && ['twitter', 'ibm', 'wiki', 'youtube'].includes(name)) {
        const refused = imported(file(sample.file, sample.bytes), { split });
        await expect(refused).rejects.toThrow(/^--split cuts what has a place, and the ids are texts/);
        continue;
      }
      const text = await imported(file(sample.file, sample.bytes), { split });
      const trace = await openTrace(await compileTrace(file('check.csv', text)));
      const { warnings } = await validate(trace, simulated);
      expect(warnings).toEqual([]);
    }
  });

  it('of many requests take more than one block', async () => {
    const lines = Array.from({ length: 70_000 }, (_, i) => `${(i * 7) % 1000}`);
    const events = (await imported(file('a.lis.trc', `${lines.join('\n')}\n`))).trim().split('\n').slice(6);
    expect(events).toHaveLength(70_001);
    expect(events.at(-1)).toBe('69999,pread,,999,1,blocks');
  });

  it('refuse what they cannot read', async () => {
    await expect(imported(file('x', 'hello\n'))).rejects.toThrow(/x: no known format fits: strace: line 1/);
    await expect(imported(file('x.pages', '1\n'), { split: true })).rejects.toThrow(
      /^--split cuts requests into pages, and reader pages reads accesses to memory/,
    );
    await expect(imported(file('x', '1\n'), { reader: 'strase' })).rejects.toThrow(/did you mean strace\?/);
    await expect(imported(file('x.pages', '1\n'), { sides: { marks: 'm' } })).rejects.toThrow(
      /unknown side input of reader pages "marks", there are none/,
    );
    await expect(imported(file('t.csv', 'time_us,op,space,page,count,arg\n'))).rejects.toThrow(
      /t\.csv: this is a trace already/,
    );
  });

  it('of events refuse what only requests can be: to be split', async () => {
    const log = file('x', '1 10.000000 munmap(0x1000, 4096) = 0\n');
    await expect(imported(log, { split: true })).rejects.toThrow(
      /^--split cuts requests .* reader strace reads/,
    );
  });

  it('of events say what they leave out', async () => {
    const log = file('l', '1 10.000000 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 9, 0) = 0x40000\n');
    const source = await importTrace(log);
    expect(source.inputs[0]!.account.leftOut).toEqual([
      ['shared mappings of files or of segments not in the log', 1],
    ]);
  });
});
