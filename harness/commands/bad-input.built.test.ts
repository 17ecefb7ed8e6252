import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { CliFolder, TRACE } from '../testing/cli-folder.js';

const cli = new CliFolder('one process');

describe('bad input is one line on standard error and exit code 2, with nothing left behind', () => {
  beforeAll(() => {
    cli.run('trace', 'convert', 'a.csv', 'a.rtrace');
  });

  const cases: readonly (readonly [
    name: string,
    args: readonly string[],
    message: RegExp,
    setUp?: () => void,
  ])[] = [
    ['no command', [], /a command is required/],
    ['an unknown command', ['rplay'], /unknown command "rplay"; did you mean replay\?/],
    ['an unknown subcommand', ['trace', 'valdate', 'x'], /unknown action; did you mean validate\?/],
    ['an unknown flag', ['replay', 'a.csv', '--limti', '5'], /unknown flag --limti; did you mean --limit\?/],
    [
      'one of two words',
      ['mrc', 'a.csv', '--max-expnsion=5'],
      /unknown flag --max-expnsion; did you mean --max-ex/,
    ],
    ['one like no other', ['replay', 'a.csv', '--xyzzy'], /unknown flag --xyzzy \(see/],
    ['an argument too many', ['policies', 'lru', 'fifo'], /unexpected argument "fifo"/],
    ['a policy that there is not', ['policies', 'lruu'], /unknown policy "lruu", .*did you mean lru\?/],
    ['a flag without its value', ['replay', 'a.csv', '--limit'], /Not enough arguments following: limit/],
    ['a flag twice', ['replay', 'a.csv', '--limit', '5', '--limit', '6'], /--limit is given 2 times/],
    ['an unknown format', ['replay', 'a.csv', '--format', 'yaml'], /Choices: "table", "json", "csv"/],
    [
      'columns of a table where none is printed',
      ['replay', 'a.csv', '--full', '--format', 'json'],
      /--full is for tables, json has all columns/,
    ],
    [
      'the same of a comparison',
      ['compare', '--full', '--format', 'csv'],
      /--full is for tables, csv has all/,
    ],
    [
      'figures where none is drawn',
      ['compare', '--no-report', '--figures', 'all'],
      /--figures all draws with the report/,
    ],
    ['a size of 0', ['replay', 'a.csv', '--limit', '0'], /size "0" is 0, expected N or Np pages/],
    ['a negative size', ['replay', 'a.csv', '--limit=-5'], /"-5" is not a size/],
    ['an invalid size', ['replay', 'a.csv', '--limit', 'lots'], /"lots" is not a size/],
    ['an unknown policy', ['replay', 'a.csv', '--discard', 'remov'], /did you mean remove\?/],
    [
      'an unknown reclaim policy',
      ['replay', 'a.csv', '--reclaim', 'lur'],
      /unknown reclaim policy "lur", expected one of linux, lru, fifo/,
    ],
    [
      'an unknown parameter',
      ['replay', 'a.csv', '--discard', 'punch:look=1'],
      /unknown parameter of discard policy punch "look"/,
    ],
    [
      'an unknown backing',
      ['replay', 'a.csv', '--backing', 'paper'],
      /unknown backing "paper", expected one of recorded, anon, shmem/,
    ],
    [
      'an unknown swap',
      ['replay', 'a.csv', '--swap', 'tape'],
      /unknown kind of swap "tape", expected one of none, ssd, zram/,
    ],
    ['a cache size of 0', ['mrc', 'a.csv', '--size', '0'], /size "0" is 0, expected N or Np pages/],
    ['an invalid cache size', ['mrc', 'a.csv', '--size', '5,-1'], /"-1" is not a size/],
    ['an invalid share', ['mrc', 'a.csv', '--shards', '1.5'], /--shards is not a share above 0/],
    [
      'a policy without a WebAssembly module',
      ['mrc', 'a.csv', '--policy', 'mru', '--backend', 'wasm'],
      /--backend wasm: mru is not among fifo, .*, expected --backend js or none/,
    ],
    [
      'WebAssembly for caches in bytes',
      ['mrc', 'a.csv', '--bytes', '--backend', 'wasm'],
      /--backend wasm: --bytes is for JavaScript only/,
    ],
    [
      'an estimate of another policy',
      ['mrc', 'a.csv', '--shards', '0.5', '--policy', 'fifo'],
      /--shards estimates lru only, expected no --policy fifo/,
    ],
    ['an invalid seed', ['replay', 'a.csv', '--seed', 'x'], /seed "x" is not a whole number from 0/],
    [
      'an invalid number of workers',
      ['compare', 'e.yaml', '--workers', '0'],
      /--workers is not a whole number from 1/,
    ],
    [
      'an experiment of any size',
      ['compare', 'big.yaml'],
      /big\.yaml: larger than 1 MiB, expected a text/,
      () => cli.write('big.yaml', ' '.repeat(2 ** 20 + 1)),
    ],
    [
      'a link to itself',
      ['trace', 'import', 'loop', 'out.csv'],
      /loop: too many symbolic links/,
      () => symlinkSync('loop', join(cli.path, 'loop')),
    ],
    ['a missing trace', ['replay', 'none.csv'], /none\.csv: no such file/],
    ['a folder for a trace', ['replay', '.'], /is a directory, expected a file/],
    ['a missing experiment', ['compare', 'none.yaml'], /none\.yaml: no such file/],
    [
      'an experiment with an unknown key',
      ['compare', 'bad.yaml'],
      /bad\.yaml:4:1: unknown key of an experiment "limit".*did you mean limits\?/,
      () => cli.write('bad.yaml', 'name: bad\ntraces: [a.csv]\ndiscard: [keep]\nlimit: [5]\n'),
    ],
    [
      'an unwritable output folder',
      ['compare', 'e.yaml', '--out', '/proc/none'],
      /\/proc\/none: results cannot be written there/,
    ],
    [
      'a file for an output folder',
      ['compare', 'e.yaml', '--out', 'a.csv'],
      /a\.csv: results cannot be written there: this is a file/,
    ],
    [
      'an unwritable output folder of a replay',
      ['replay', 'a.csv', '--out', 'a.csv/x'],
      /results cannot be written there/,
    ],
    [
      'a malformed line',
      ['replay', 'bad.csv'],
      /bad\.csv:5:9: "x" is wrong at space/,
      () => cli.write('bad.csv', TRACE.replace('1,write,1', '1,write,x')),
    ],
    [
      'an unknown op',
      ['replay', 'bad.csv'],
      /bad\.csv:5:3: unknown op "wriet".*did you mean write\?/,
      () => cli.write('bad.csv', TRACE.replace('write', 'wriet')),
    ],
    [
      'time running backwards',
      ['replay', 'bad.csv'],
      /bad\.csv:7:1: time runs backwards from 50 to 10/,
      () => cli.write('bad.csv', TRACE.replace('100,mark', '10,mark')),
    ],
    [
      'a touch outside its mapping',
      ['replay', 'bad.csv', '--out', 'touch'],
      /bad\.csv:5: write of page 40 in space 1 is outside every mapping/,
      () => cli.write('bad.csv', TRACE.replace('write,1,0,40', 'write,1,0,41')),
    ],
    [
      'a touch outside its mapping, in an experiment',
      ['compare', 'touch.yaml', '--out', 'touch'],
      /bad\.csv:5: write of page 40/,
      () => cli.write('touch.yaml', 'name: touch\ntraces: [bad.csv]\ndiscard: [keep]\n'),
    ],
    [
      'a truncated .rtrace',
      ['replay', 'cut.rtrace'],
      /cut\.rtrace: .*expected a whole \.rtrace file/,
      () => cli.write('cut.rtrace', readFileSync(join(cli.path, 'a.rtrace')).subarray(0, -10)),
    ],
    [
      'a corrupted .rtrace',
      ['trace', 'info', 'flip.rtrace'],
      /flip\.rtrace: the checksum of a block is wrong/,
      () => cli.write('flip.rtrace', flipped()),
    ],
    [
      'a conversion of a broken trace',
      ['trace', 'convert', 'bad.csv', 'out.rtrace'],
      /bad\.csv:5:9/,
      () => cli.write('bad.csv', TRACE.replace('1,write,1', '1,write,x')),
    ],
    [
      'an output that cannot be made',
      ['trace', 'convert', 'a.csv', 'none/out.csv'],
      /none\/out\.csv: no such file/,
    ],
    ['an unknown workload', ['trace', 'generate', 'zpif', 'out.csv'], /unknown workload "zpif"/],
    [
      'a parameter out of range',
      ['trace', 'generate', 'zipf', 'out.csv', '--param', 'pages=0'],
      /pages=0 is out of range/,
    ],
    [
      'a log of which nothing is left',
      ['trace', 'import', 'log', 'out.csv', '--reader', 'strace'],
      /log: nothing is left for a trace; left out: calls that do not concern memory \(2\); expected calls that map memory/,
      () => cli.write('log', '1  10.000000 openat(1, "a", 0) = 3\n1  10.000005 openat(1, "b", 0) = 4\n'),
    ],
    [
      'a comparison in which nothing is ever in memory',
      ['compare', 'drops.yaml', '--out', 'drops'],
      /drops\.csv: nothing is ever in memory, .*expected events that bring pages in/,
      () => {
        cli.write('drops.csv', TRACE.replace(/.*,write,.*\n/, ''));
        cli.write('drops.yaml', 'name: drops\ntraces: [drops.csv]\ndiscard: [keep, remove]\n');
      },
    ],
    ['a policy by another name', ['replay', 'a.csv', '--reclaim', 'belady'], /did you mean opt\?/],
    ['an action of trace that is not there', ['trace', 'lsit'], /unknown action; did you mean list\?/],
    ['a trace to import', ['trace', 'import', 'a.csv', 'out.csv'], /a\.csv: this is a trace already/],
    [
      'a log in another format',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'strace'],
      /a\.csv:1: .* expected a call as strace prints it/,
    ],
    [
      'an unknown format',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'orcaleGeneral'],
      /unknown reader "orcaleGeneral".* did you mean oracleGeneral\?/,
    ],
    [
      'guests without names',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'guests'],
      /reader guests needs the parameter names, as in names=base\+web/,
    ],
    [
      'invalid snapshots',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'guests:names=a'],
      /a\.csv:1: .* is not a changed page/,
    ],
    [
      'invalid page accesses',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'postgresql'],
      /a\.csv:1:1: "time_us" is wrong here, expected microseconds since the line before/,
    ],
    [
      'a buffer pool of no size',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'postgresql:shared_buffers=1p'],
      /shared_buffers=1 is not the size of a buffer pool/,
    ],
    [
      'a resize without a time',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'postgresql:resize=32MiB'],
      /"32MiB" in resize=32MiB is wrong, expected a list as in resize=60:32MiB\+120:64MiB/,
    ],
    [
      'a log of MariaDB without faults',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'mariadb'],
      /reader mariadb needs the page faults of the database, .*, expected --with faults=FILE/,
    ],
    [
      'invalid marks',
      ['trace', 'import', 'log', 'out.csv', '--reader', 'strace', '--with', 'marks=a.csv'],
      /a\.csv:1: .* is not a mark/,
      () => cli.write('log', '1 10.000000 munmap(0x1000, 4096) = 0\n'),
    ],
    [
      'another file that the reader does not take',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'pages', '--with', 'marks=a.csv'],
      /unknown side input of reader pages "marks", there are none/,
    ],
    [
      'another file without its name',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'strace', '--with', 'a.csv'],
      /"a\.csv" in --with is not a parameter, expected key=value/,
    ],
    [
      'a flag of an earlier version',
      ['trace', 'import', 'a.csv', 'out.csv', '--guests', 'base,web'],
      /--guests has been replaced, expected --reader guests:names=base\+web/,
    ],
    [
      'events where requests are read',
      ['mrc', 'log'],
      /log: reader strace reads events, expected requests or a trace; reclaim trace import makes a trace of it/,
      () => cli.write('log', '1 10.000000 munmap(0x1000, 4096) = 0\n'),
    ],
    [
      'an invalid log of Chromium',
      ['trace', 'import', 'a.csv', 'out.csv', '--reader', 'chromium', '--with', 'marks=m'],
      /a\.csv:1: .* expected a call as strace prints it/,
      () => cli.write('m', '10.0 open a\n'),
    ],
    [
      'an invalid policy module',
      ['replay', 'a.csv', '--policy-module', 'a.csv'],
      /a\.csv: cannot be loaded as a module/,
    ],
    [
      'a policy that needs the future',
      ['replay', 'a.csv', '--reclaim', 'opt', '--merge', 'ksm'],
      /reclaim policy opt needs the future, .*expected merge policy none, not ksm/,
    ],
    ['a cost table that is not JSON', ['replay', 'a.csv', '--costs', 'e.yaml'], /e\.yaml:1:1: not JSON/],
    [
      'a bench without cases',
      ['bench', '--filter', 'nothing', '--events', '10'],
      /no case is named like "nothing"/,
    ],
  ];
  for (const [name, args, message, setUp] of cases) {
    it(name, () => {
      setUp?.();
      const before = readdirSync(cli.path, { recursive: true }).sort();
      const { code, stdout, stderr } = cli.run(...args);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^reclaim: [^\n]+\n$/);
      expect([code, stdout]).toEqual([2, '']);
      expect(readdirSync(cli.path, { recursive: true }).sort()).toEqual(before);
    });
  }

  it.each([[[]], [['replay', 'none.csv']], [['compare', 'e.yaml', '--out', 'a.csv']]])(
    'in a process of its own as in one with others: %j',
    (args) => {
      expect(cli.start(...args)).toEqual(cli.run(...args));
    },
  );

  function flipped(): Uint8Array {
    const bytes = readFileSync(join(cli.path, 'a.rtrace'));
    const at = bytes.length - 200;
    bytes[at] = bytes[at]! ^ 1;
    return bytes;
  }
});
