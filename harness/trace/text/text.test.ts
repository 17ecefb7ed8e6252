import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalTrace } from '../../testing/arbitrary.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { scan } from '../../testing/traces.js';
import { HAS, OP } from '../op.js';
import { TEXT_HEADER } from './fields.js';
import { TextFormatter } from './formatter.js';
import { TextScanner } from './scanner.js';

function format(text: string): string {
  const { blocks, scanner } = scan(text);
  const formatter = new TextFormatter(scanner.strings);
  const parts = [formatter.header(scanner.meta), ...blocks.map((block) => formatter.block(block))];
  return Buffer.concat(parts).toString('utf8');
}

const body = (line: string) => `${TEXT_HEADER}\n${line}\n`;

describe('text form', () => {
  it('gives back canonical text byte for byte', () => {
    fc.assert(
      fc.property(canonicalTrace(), (text) => {
        expect(format(text)).toBe(text);
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  it('does not depend on how the bytes are cut', () => {
    fc.assert(
      fc.property(canonicalTrace(), fc.array(fc.nat(40), { minLength: 1, maxLength: 20 }), (text, cuts) => {
        const bytes = new TextEncoder().encode(text);
        const scanner = new TextScanner('cut.csv');
        const formatter = new TextFormatter(scanner.strings);
        const parts: Uint8Array[] = [];
        let at = 0;
        for (let i = 0; at < bytes.length; i++) {
          const size = cuts[i % cuts.length]! + 1;
          for (const block of scanner.push(bytes.slice(at, at + size))) parts.push(formatter.block(block));
          at += size;
        }
        for (const block of scanner.end()) parts.push(formatter.block(block));
        const whole = Buffer.concat([formatter.header(scanner.meta), ...parts]).toString('utf8');
        expect(whole).toBe(text);
      }),
    );
  });

  it('reads CRLF, a byte order mark and a missing last line end', () => {
    const text = `\uFEFF# page_size: 4096\r\n${TEXT_HEADER}\r\n1,spawn,1,,,name\r\n2,read,1,5,-2,`;
    expect(format(text)).toBe(`# page_size: 4096\n${TEXT_HEADER}\n1,spawn,1,,,name\n2,read,1,5,-2,\n`);
  });

  it('keeps numbers exact up to their limits', () => {
    const line = `${Number.MAX_SAFE_INTEGER},write,2147483647:2147483646,35184372088831,-2147483647,=2147483647+`;
    expect(format(body(line))).toBe(body(line));
  });

  it('finds the line of each event, also behind texts with line breaks', () => {
    const { blocks } = scan(
      `${TEXT_HEADER}\n1,mark,,,,"two\nlines"\n2,exit,1,,,\n3,mark,,,,"a\n\nb"\n4,exit,2,,,\n`,
    );
    const lines = blocks.flatMap((block) =>
      Array.from({ length: block.length }, (_, i) => block.firstLine + i),
    );
    expect(lines).toEqual([2, 4, 5, 8]);
  });

  it('puts fields into typed columns', () => {
    const { blocks, scanner } = scan(body('7,write,3:4,100,2,=9+'));
    const block = blocks[0];
    expect(block).toBeDefined();
    if (!block) return;
    expect(block.length).toBe(1);
    expect([block.time[0], block.op[0], block.space[0], block.thread[0]]).toEqual([7, OP.write, 3, 4]);
    expect([block.page[0], block.count[0], block.content[0]]).toEqual([100, 2, 9]);
    expect(block.fields[0]).toBe(HAS.space | HAS.thread | HAS.page | HAS.count | HAS.content | HAS.contentUp);
    expect(scanner.strings.length).toBe(0);
  });

  it('splits traces into blocks of at most 65536 events', () => {
    const lines = Array.from({ length: 70_000 }, (_, i) => `${i},read,1,${i},1,`).join('\n');
    const { blocks } = scan(body(lines));
    expect(blocks.map((block) => block.length)).toEqual([65_536, 4_464]);
    expect(blocks[1]?.firstLine).toBe(65_538);
  });
});

describe('wrong text is one line: file:line:column, what is wrong, what was expected', () => {
  const cases: readonly (readonly [name: string, text: string, message: RegExp])[] = [
    ['an empty input', '', /^test\.csv: no events, expected the header line/],
    ['no header', 'hello\n', /^test\.csv:1:1: "hello" is not a trace's header/],
    [
      'a page size that is not a power of two',
      `# page_size: 4000\n${TEXT_HEADER}\n`,
      /^test\.csv:1:1: page_size "4000"/,
    ],
    [
      'touches of an unknown kind',
      `# touches: guessed\n${TEXT_HEADER}\n`,
      /touches "guessed" is not known, expected recorded, inferred, first-access/,
    ],
    [
      'an unknown provenance',
      `# provenance: guessed\n${TEXT_HEADER}\n`,
      /provenance "guessed" is not known, expected recorded, inferred/,
    ],
    [
      'a key given twice',
      `# seed: 1\n# seed: 2\n${TEXT_HEADER}\n`,
      /^test\.csv:2:1: metadata key "seed" is given twice/,
    ],
    [
      'an unknown op',
      body('0,raed,1,1,1,'),
      /^test\.csv:2:3: unknown op "raed", expected one of spawn.*did you mean read\?/,
    ],
    ['too few fields', body('0,read,1'), /^test\.csv:2:9: the line ends at space, expected a comma/],
    ['too many fields', body('0,read,1,2,3,,'), /^test\.csv:2:14: a comma or quote in an unquoted argument/],
    [
      'an empty line',
      body('0,exit,1,,,\n\n1,exit,2,,,'),
      /^test\.csv:3:1: the line ends at time_us, expected whole microseconds/,
    ],
    ['a time that is not whole', body('1.5,exit,1,,,'), /^test\.csv:2:2: ".5" is wrong at time_us/],
    [
      'time running backwards',
      body('5,exit,1,,,\n4,exit,2,,,'),
      /^test\.csv:3:1: time runs backwards from 5 to 4/,
    ],
    [
      'a page beyond 2^45',
      body('0,read,1,35184372088832,1,'),
      /^test\.csv:2:10: "35184372088832" is wrong at page/,
    ],
    [
      'a limit in %',
      body('0,limit,,,50%,'),
      /^test\.csv:2:13: a count in % is not known before .*expected pages \(for a limit: reclaim replay --limit N%\)/,
    ],
    [
      'a count beyond 2^31',
      body('0,read,1,1,2147483648,'),
      /^test\.csv:2:12: "2147483648" is wrong at count/,
    ],
    [
      'a negative count where it makes no sense',
      body('0,discard,1,1,-1,'),
      /^test\.csv:2:15: a negative count makes no sense for discard/,
    ],
    ['a missing field', body('0,read,1,,1,'), /^test\.csv:2:13: read needs a page, found an empty field/],
    ['a field that does not apply', body('0,exit,1,5,,'), /exit takes no page, expected an empty field/],
    ['an argument that does not apply', body('0,exit,1,,,now'), /^test\.csv:2:12: exit takes no argument/],
    ['a missing argument', body('0,map,1,1,1,'), /^test\.csv:2:13: map needs an argument, expected anon/],
    [
      'contents that are none',
      body('0,write,1,1,1,7'),
      /^test\.csv:2:15: "7" is not contents, expected =N or =N\+/,
    ],
    ['a content id of the machine', body('0,write,1,1,1,=2147483648'), /"2147483648" is not a content id/],
    [
      'an unknown mapping flag',
      body('0,map,1,1,1,anon rw'),
      /^test\.csv:2:13: unknown mapping flag "rw", expected one of ro/,
    ],
    [
      'a drop by a call that drops nothing',
      body('0,discard,1,1,1,MADV_COLD'),
      /^test\.csv:2:17: unknown call that drops contents "MADV_COLD", expected one of MADV_DONTNEED, /,
    ],
    ['an unknown advice', body('0,madvise,1,1,1,MADV_REMOV'), /did you mean MADV_REMOVE\?/],
    ['an object name with a slash', body('0,object,,,1,shmem:a/b'), /"a\/b" is not an object name/],
    [
      'a cgroup outside the one of the trace',
      body('0,cgroup,,,,../web'),
      /^test\.csv:2:13: "\.\.\/web" is not a cgroup, expected names of letters/,
    ],
    ['a space in such a one', body('0,spawn,1,,,web cgroup=/web'), /"\/web" is not a cgroup/],
    [
      'files of the group of the trace',
      body('0,cgroup,,,,/ memory.max=5'),
      /whose limit is an event of its own, expected none of memory\.max=5/,
    ],
    ['an unknown file of a cgroup', body('0,cgroup,,,,web memory.maxx=5'), /did you mean memory\.max\?/],
    ['a file of a cgroup without pages', body('0,cgroup,,,,web memory.low'), /expected memory\.low=PAGES/],
    ['bytes for pages', body('0,cgroup,,,,web memory.low=5MiB'), /"5MiB" is not a number of pages, or max/],
    ['an amount without end', body('0,cgroup,,,,web memory.reclaim=max'), /is no amount, expected pages/],
    [
      'a file of a cgroup that is written twice',
      body('0,cgroup,,,,web memory.reclaim=5 memory.reclaim=7'),
      /memory\.reclaim is given twice, expected each file of a cgroup once/,
    ],
    ['text behind a quote', body('0,mark,,,,"a"b'), /^test\.csv:2:14: text after a closing quote/],
    ['a quote that does not end', body('0,mark,,,,"a'), /^test\.csv:2:11: a quoted field does not end/],
  ];
  for (const [name, text, message] of cases) {
    it(name, () => {
      expect(() => scan(text)).toThrow(message);
      try {
        scan(text);
      } catch (error) {
        expect((error as Error).message).not.toContain('\n');
      }
    });
  }

  it('lines of more than 1 MiB, however they are cut', () => {
    const long = 'x'.repeat(2 ** 20);
    for (const [text, place] of [
      [`# source: ${long}\n${TEXT_HEADER}\n`, '1:1'],
      [`${TEXT_HEADER}\n0,mark,,,,${long}\n`, '2:1'],
      [`${TEXT_HEADER}\n0,mark,,,,"${long}`, '2:1'],
      [`${TEXT_HEADER}\n${'0'.repeat(2 ** 20 + 1)}`, '2:1'],
    ] as const)
      for (const size of [text.length, 2 ** 18]) {
        const scanner = new TextScanner('long.csv');
        const read = () => {
          for (let at = 0; at < text.length; at += size)
            for (const _ of scanner.push(Buffer.from(text.slice(at, at + size))));
          for (const _ of scanner.end());
        };
        expect(read).toThrow(`long.csv:${place}: a line of more than 1048576 bytes, expected an event`);
      }
  });

  it('bytes that are not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from(`${TEXT_HEADER}\n0,mark,,,,`), Buffer.from([0xff, 0xfe, 0x0a])]);
    expect(() => scan(bytes)).toThrow(/^test\.csv:2:11: the argument is not UTF-8/);
  });
});
