import type { Counts } from '../trace/readers/account.js';
import type { RequestBatch } from '../trace/requests/batch.js';

/** A request as tests write it. */
export interface Request {
  readonly id: bigint;
  readonly size: number;
  readonly write: boolean;
  readonly timeUs: number;
  readonly volume: number;
}

/** A small file of a format, and what it says. */
export interface Sample {
  readonly file: string;
  readonly bytes: Buffer;
  readonly requests: readonly Request[];
  /** Lines or records that are left out, by reason. */
  readonly leftOut?: Counts;
  /** Files that this format refuses, and how. */
  readonly wrong: readonly (readonly [bytes: string | Buffer, message: RegExp])[];
}

function request(id: bigint | number, size = 0, write = false, timeUs = 0, volume = 0): Request {
  return { id: BigInt(id), size, write, timeUs, volume };
}

/** Writes fields of little-endian numbers: their sizes in bytes, then records of values. */
export function packed(
  sizes: readonly number[],
  ...records: readonly (readonly (number | bigint)[])[]
): Buffer {
  const fields = records.flatMap((record) =>
    record.map((value, i) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
      return bytes.subarray(0, sizes[i]);
    }),
  );
  return Buffer.concat(fields);
}

const text = (...lines: string[]) => Buffer.from(`${lines.join('\n')}\n`);
const MAX = 2n ** 64n - 1n;

/** FNV-1a of 64 bits, by arithmetic on whole numbers of any size. Source: RFC 9923 */
export function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MAX;
  return hash;
}

/** Sizes of the fields of the binary formats. */
export const FIELDS = {
  oracleGeneral: [4, 8, 4, 8],
  vscsi1: [4, 4, 4, 2, 2, 8, 8],
  vscsi2: [2, 2, 4, 4, 4, 8, 8, 8],
  oracleSysTwrNS: [4, 8, 2, 4, 2, 2, 4, 8],
  lcs2: [4, 8, 4, 1, 3, 8],
} as const;

const LCS_MAGIC = 0x1234_5678_9abc_def0n;

/** A header of lcs of a version, with a number of requests. */
export function lcsHeader(version: number, requests: number): Buffer {
  const header = Buffer.alloc(8192);
  for (const at of [0, 8184]) header.writeBigUInt64LE(LCS_MAGIC, at);
  header.writeBigUInt64LE(BigInt(version), 8);
  header.writeBigUInt64LE(BigInt(requests), 24);
  return header;
}

/** A header of lcs as until 2024: a format string, and the numbers of the fields of id, size, time and operation. */
export function oldLcsHeader(format: string, fields: readonly number[], requests: number): Buffer {
  const header = Buffer.alloc(1024);
  for (const at of [0, 1016]) header.writeBigUInt64LE(LCS_MAGIC, at);
  header.write(format, 8, 'latin1');
  const [id = 0, size = 0, time = 0, op = 0] = fields;
  header.set([id, size, time, 0, 0, op], 248);
  header.writeBigUInt64LE(BigInt(requests), 488);
  return header;
}

/** A sample for each reader of the registry, by its name. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  oracleGeneral: {
    file: 'a.oracleGeneral.bin',
    bytes: packed(FIELDS.oracleGeneral, [5, MAX, 512, 3], [5, 0, 4096, -1], [7, MAX, 8192, 2n ** 63n - 1n]),
    requests: [request(MAX, 512, false, 5e6), request(0, 4096, false, 5e6), request(MAX, 8192, false, 7e6)],
    wrong: [
      [
        packed(FIELDS.oracleGeneral, [5, 1, 512, -1]).subarray(0, 20),
        /^x: byte 0: record 1 is cut short: 20 bytes, expected 24$/,
      ],
      [
        packed(FIELDS.oracleGeneral, [5, 1, 512, -1], [5, 1, 512, 2n ** 60n]),
        /^x: byte 24: record 2 has a next access/,
      ],
    ],
  },
  vscsi: {
    file: 'a.vscsitrace',
    bytes: packed(
      FIELDS.vscsi2,
      [0x28, 0x200, 1, 4096, 1, 8, 10, 3],
      [0x2a, 0x201, 2, 512, 1, 2n ** 40n, 12, 3],
    ),
    requests: [request(8, 4096, false, 10), request(2n ** 40n, 512, true, 12)],
    wrong: [
      [
        packed(FIELDS.vscsi2, [0x28, 0x300, 1, 4096, 1, 8, 10, 3]),
        /^x: the first records have an unknown version/,
      ],
      [
        packed(FIELDS.vscsi1, ...[1, 1, 2].map((version) => [1, 512, 1, 0x28, version << 8, 8, 10])),
        /^x: byte 64: record 3 is of version 2, expected 1 as the first$/,
      ],
    ],
  },
  lcs: {
    file: 'a.lcs',
    bytes: Buffer.concat([
      lcsHeader(2, 4),
      packed(
        FIELDS.lcs2,
        [5, MAX, 512, 1, 77, 3],
        [6, 2, 4096, 13, 1, -1],
        [6, 2, 1, 9, 1, -1],
        [7, 0, 8, 0, 0, -1],
      ),
    ]),
    requests: [request(MAX, 512, false, 0), request(2, 4096, true, 1e6), request(0, 8, false, 2e6)],
    leftOut: [['deletions', 1]],
    wrong: [
      [
        Buffer.concat([lcsHeader(2, 2), packed(FIELDS.lcs2, [5, 1, 512, 1, 0, -1])]),
        /^x: the file is cut short: 1 records, expected 2 as its header says$/,
      ],
      [
        Buffer.concat([lcsHeader(1, 1), packed(FIELDS.lcs2, [5, 1, 512, 1, 0, -1])]),
        /^x: byte 8216: record 2 is cut short: 4 bytes, expected 24$/,
      ],
      [lcsHeader(9, 1), /^x: version 9 of lcs, expected 1 to 8$/],
      [lcsHeader(1, 1).subarray(0, 8000), /^x: a header of lcs that is cut short or has no end mark/],
      [lcsHeader(1, 0), /^x: the input is empty, expected records of 24 bytes$/],
    ],
  },
  binary: {
    file: 'a.bin',
    bytes: packed(
      FIELDS.oracleSysTwrNS,
      [5, MAX, 10, 500, 1, 3, 60, 3],
      [5, 7, 10, 500, 3, 3, 60, -1],
      [9, MAX, 10, 0, 9, 3, 60, -1],
      [9, 8, 10, 1, 99, 3, 60, -1],
    ),
    requests: [request(MAX, 510, false, 0), request(7, 510, true, 0)],
    leftOut: [
      ['deletions', 1],
      ['records of operation 99, which libCacheSim does not have', 1],
    ],
    wrong: [
      [
        packed(FIELDS.oracleSysTwrNS, [5, 1, 10, 500, 1, 3, 60, 2], [5, 1, 10, 500, 1, 3, 60, 3]).subarray(
          0,
          60,
        ),
        /^x: byte 34: record 2 is cut short: 26 bytes, expected 34$/,
      ],
      [
        Buffer.alloc(80, 1),
        /^x: these records say too little of what they are, expected a description as in --reader/,
      ],
    ],
  },
  msr: {
    file: 'a.csv',
    bytes: text(
      '128166372003061629,hm,1,Read,383496192,32768,113736',
      '128166372003061639,usr,0,Write,18446744073709551615,512,1',
      '128166372016382155,hm,1,Trim,0,4096,1',
      '128166372016382155, hm, 1, W, 0, 4096, 1.5',
    ),
    requests: [
      request(383496192, 32768, false, 0, 1),
      request(MAX, 512, true, 1, 4096),
      request(0, 4096, true, 1332052, 1),
    ],
    leftOut: [['operations "Trim"', 1]],
    wrong: [
      ['1,hm,1,R,0,512,1,9\n', /^x:1:17: "," is wrong here, expected the end of the line$/],
      ['1,hm,1,Trim,0,512,1\n', /^x: no requests in this file, .*; left out: operations "Trim" \(1\)$/],
      ['1,hm,1,,0,512,1\n', /^x:1:8: "," is wrong here, expected an operation, as Read or Write$/],
      ['1,hm,1,Read,zero,512,1\n', /^x:1:13: "zero" is wrong here, expected an offset in bytes$/],
    ],
  },
  spc: {
    file: 'Financial1.spc',
    bytes: text(
      '0,303567,3584,w,0.000000',
      '1, 55590, 3072, R, 12.5',
      '0,18446744073709551615,512,r,2.1234567,more',
      '0,1,512,T,3',
      '0,1,512,R,.25',
      '0,1,512,R,2.5e-01',
    ),
    requests: [
      request(303567, 3584, true, 0, 0),
      request(55590, 3072, false, 12_500_000, 1),
      request(MAX, 512, false, 2_123_456, 0),
      request(1, 512, false, 250_000),
      request(1, 512, false, 250_000),
    ],
    leftOut: [['operations "T"', 1]],
    wrong: [
      ['0,1,512,R,1ex\n', /^x:1:11: "1ex" is wrong here, expected a time in seconds$/],
      ['0,1,512\n', /^x:1:8: the end of the line is wrong here, expected a comma$/],
    ],
  },
  csv: {
    file: 'b.csv',
    bytes: text('time,op,obj_size,obj_id,ttl', '1.5,get,100,7,0', '2,set,200,0x10,0'),
    requests: [request(7, 100, false, 1_500_000), request(16, 200, true, 2_000_000)],
    wrong: [
      [`${'1,2,3\n'.repeat(50)}1,a,3\n`, /^x:51:3: "a" is wrong here, expected an id/],
      ['1,2,3\n1,2\n', /^x:2:4: the end of the line is wrong here, expected a delimiter and 3 columns$/],
      [
        'time,id\n-3,2\n',
        /^x:2:1: "-3" is wrong here, expected a time in seconds \(column 1, "time"\), not neg/,
      ],
      ['time,id,op\n1,2,trim\n', /^x:2: has an unknown operation: "trim"; say what they do: csv:reads=/],
    ],
  },
  alibaba: {
    file: 'alibaba.csv',
    bytes: text('419,W,8792731648,16384,1577808000000046', '725,R,4096,512,1577808000500046'),
    requests: [
      request(8792731648, 16384, true, 1577808000000046, 419),
      request(4096, 512, false, 1577808000500046, 725),
    ],
    wrong: [['419,W,x,16384,1577808000000046\n', /^x:1:7: "x" is wrong here, expected an id.*column 3/]],
  },
  tencent: {
    file: 'tencent.csv',
    bytes: text('1538323199,105352008,584,1,1576', '1538323200,12910952,128,0,1063'),
    requests: [
      request(105352008, 584 * 512, true, 1538323199e6, 1576),
      request(12910952, 128 * 512, false, 1538323200e6, 1063),
    ],
    wrong: [
      ['1538323199,1,8\n', /^x:1:15: the end of the line is wrong here, expected a delimiter and 5 columns$/],
    ],
  },
  systor: {
    file: 'systor.csv',
    bytes: text(
      'Timestamp,Response,IOType,LUN,Offset,Size',
      '1456124561.000000000,0.000103,W,0,12288,4096',
      '1456124561.009999990,,R,2,4096,512',
    ),
    requests: [request(12288, 4096, true, 1456124561e6, 0), request(4096, 512, false, 1456124561_009999, 2)],
    wrong: [['1456124561.0,0.1,W,0,-1,512\n', /^x:1:22: "-1" is wrong here, expected an id/]],
  },
  twitter: {
    file: 'cluster52.csv',
    bytes: text(
      '0,nz:u:eeW511W3dcH3,47,3,16,get,0',
      '1,q:q:1:8WTfj,38,7,1,set,300',
      '1,foobar,6,0,1,delete,0',
    ),
    requests: [request(fnv1a('nz:u:eeW511W3dcH3'), 50), request(fnv1a('q:q:1:8WTfj'), 45, true, 1e6)],
    wrong: [
      [
        '0,k,x,3,1,get,0\n',
        /^x:1:5: "x" is wrong here, expected a size in bytes \(column 3\), not negative$/,
      ],
    ],
  },
  ibm: {
    file: 'IBMObjectStoreTrace000Part0',
    bytes: text(
      '1219008 REST.PUT.OBJECT 8d4fcda3d675bac9 1056',
      '1221974 REST.HEAD.OBJECT 39d177fb735ac5df 528',
      '1232437 REST.GET.OBJECT foobar 1248 0 1247',
      '1232488 REST.DELETE.OBJECT foobar',
    ),
    requests: [
      request(fnv1a('8d4fcda3d675bac9'), 1056, true, 1219008e3),
      request(0x85944171f73967e8n, 1248, false, 1232437e3),
    ],
    wrong: [
      ['12 REST.GET.OBJECT a b\n', /^x:1:22: "b" is wrong here, expected a size in bytes \(column 4\)/],
    ],
  },
  wiki: {
    file: 'wiki.txt',
    bytes: text('929840891 1190146243.326 foobar://a -', '929840892 1190146243.341 foobar://a save'),
    requests: [
      request(fnv1a('foobar://a'), 0, false, 1190146243_326e3),
      request(fnv1a('foobar://a'), 0, true, 1190146243_341e3),
    ],
    wrong: [['1 2 a\n', /^x:1:6: the end of the line is wrong here, expected a blank and 4 columns$/]],
  },
  youtube: {
    file: 'youtube.parsed.dat',
    bytes: text(
      '1189828805.208862 63.22.65.73 140.8.48.66 GETVIDEO foobar 158.102.125.12',
      '1189828806.5 63.22.65.73 140.8.48.66 OTHER foobar 158.102.125.12',
    ),
    requests: [request(0x85944171f73967e8n, 0, false, 1189828805208862)],
    wrong: [
      ['a 1.1.1.1 2.2.2.2 GETVIDEO v 3.3.3.3\n', /^x:1:1: "a" is wrong here, expected a time in seconds/],
    ],
  },
  webcachesim: {
    file: 'a.tr',
    bytes: text('0 3 1111', '1.5 9 1333', '2 18446744073709551615 1296'),
    requests: [request(3, 1111), request(9, 1333, false, 1_500_000), request(MAX, 1296, false, 2e6)],
    wrong: [
      ['1 2\n', /^x:1:4: the end of the line is wrong here, expected a blank and 3 columns$/],
      ['1 2 x\n', /^x:1:5: "x" is wrong here, expected a size in bytes \(column 3\), not negative$/],
    ],
  },
  arc: {
    file: 'P6.lis',
    bytes: text('110765 64 0 0', '18446744073709551615 1 0 1', '5 0 0 2'),
    requests: [request(110765, 64 * 512), request(MAX, 512)],
    wrong: [
      ['1 2 3\n', /^x:1:6: the end of the line is wrong here, expected four numbers/],
      ['1 2 3 4 5\n', /^x:1:9: "5" is wrong here, expected the end of the line$/],
    ],
  },
  address: {
    file: 'gcc.trace',
    bytes: text('s 0x1fffff50 1', 'l 0x1fffff58 1', 'L 0xffffffffffffffff 6'),
    requests: [request(0x1fffff50, 0, true), request(0x1fffff58), request(MAX)],
    wrong: [
      [
        's 0x1fffff501fffff501 1\n',
        /^x:1:5: "1fffff501fffff501" is wrong here, expected a hexadecimal address below 2\^64$/,
      ],
      ['m 0x10 1\n', /^x:1:1: "m" is wrong here, expected l or s$/],
    ],
  },
  blkparse: {
    file: 'sda.blkparse',
    bytes: text(
      '  8,0    3        1     0.000000000   697  G   W 223490 + 8 [kjournald]',
      '  8,0    3        2     0.000001829   697  Q  WS 223490 + 8 [kjournald]',
      '254,16   0        3     1.500000999     0  Q   R 18446744073709551615 + 16 [a b]',
      '  8,0    1        4     1.6             0  Q   D 8 + 8 [fstrim]',
      '  8,0    1        5     1.7             0  Q FWS [jbd2]',
      '  8,0    1        6     1.8             0  Q   N 0 + 8 [sg]',
      '  8,0    1        7     1.8             0  C   W 223490 + 8 [0]',
      '  8,0    1        8     1.8             0 UT   N [swapper] 1',
      '  8,0    1        9     1.8             0  Q   R 36 (12 00 00 00 24 00 ..) [sg]',
      'CPU1 (8,0):',
      ' Reads Queued:           1,        8KiB	 Writes Queued:           1,        4KiB',
      '',
    ),
    requests: [
      request(223490, 4096, true, 1, 8 << 20),
      request(MAX, 8192, false, 1_500_000, (254 << 20) + 16),
    ],
    leftOut: [
      ['events of action G', 1],
      ['discards', 1],
      ['requests without sectors (flushes)', 1],
      ['requests that neither read nor write (N)', 1],
      ['events of action C', 1],
      ['events of action UT', 1],
      ['commands of devices (with a payload)', 1],
      ['lines of the summary', 2],
      ['empty lines and comments', 1],
    ],
    wrong: [
      ['8,0 3 1 0.0 697 Q W x + 8 [a]\n', /^x:1:21: "x" is wrong here, expected a sector$/],
      ['8,0 3 1 0.0 697 Q W 8 8 [a]\n', /^x:1:23: "8" is wrong here, expected "\+ SECTORS"$/],
      ['8 0 3 1 0.0 697 Q W 8 + 8 [a]\n', /^x:1:2: " " is wrong here, expected a comma and a minor number$/],
      ['8,0 3 1 0.0 697 C W 8 + 8 [0]\n', /^x: no requests in this file/],
    ],
  },
  fiu: {
    file: 'homes.fiu',
    bytes: text(
      '1213892412345678901 4892 syslogd 904265560 8 W 6 0 531e779b',
      '1213892412345680000 4892 a b 18446744073709551615 16 R 8 1',
      '1213892412345690000 4892 kworker/0:1 8 8 D 8 1 0',
    ),
    requests: [request(904265560, 4096, true, 0, 6 << 20), request(MAX, 8192, false, 1, (8 << 20) + 1)],
    leftOut: [['requests of operation D, expected R or W', 1]],
    wrong: [
      [
        '1 2 a b 8\n',
        /^x:1:10: the end of the line is wrong here, expected a space and a number of sectors$/,
      ],
      ['1 2 a 8 8 W 6\n', /^x:1:14: the end of the line is wrong here, expected a space and a minor number$/],
    ],
  },
  fio: {
    file: 'job.iolog',
    bytes: text(
      'fio version 3 iolog',
      '23 /tmp/a,b add',
      '127 /tmp/a,b open',
      '131 /tmp/a,b read 0 4096',
      '2450 /dev/sdb write 18446744073709551615 512',
      '4579 /tmp/a,b trim 0 4096',
      '14986 /tmp/a,b sync 4096 0',
      '21875 /tmp/a,b close',
    ),
    requests: [request(0, 4096, false, 131, 0), request(MAX, 512, true, 2450, 1)],
    leftOut: [
      ['discards (trim)', 1],
      ['syncs', 1],
    ],
    wrong: [
      ['fio version 1 iolog\n', /^x:1:1: the first line is wrong, expected "fio version 2 iolog" or/],
      ['fio version 2 iolog\n/a scrub 0 4096\n', /^x:2:4: "scrub" is wrong here, expected read, write, trim/],
      [
        'fio version 3 iolog\n/a read 0 4096\n',
        /^x:2:1: "\/a" is wrong here, expected a time in microseconds$/,
      ],
      [
        'fio version 2 iolog\n/a read 0\n',
        /^x:2:10: the end of the line is wrong here, expected a space and a length/,
      ],
    ],
  },
  penalties: {
    file: 'a.penalties',
    bytes: text('s 0x1fffff50 1 200 1200', 'l 0xffffffffffffffff 6 1.5 100'),
    requests: [request(0x1fffff50, 0, true), request(MAX)],
    wrong: [
      ['s 0x10 1\n', /^x:1:9: the end of the line is wrong here, expected a space and a penalty of a hit$/],
    ],
  },
  pinatrace: {
    file: 'pinatrace.out',
    bytes: text('0x401000: W 0x7ffd3000', '0x7f0000001001: R 0xffffffffffffffff', '#eof'),
    requests: [request(0x7ffd3000, 0, true), request(MAX)],
    wrong: [
      ['0x401000: X 0x7ffd3000\n', /^x:1:11: "X" is wrong here, expected R or W$/],
      ['0x401000 W 0x7ffd3000\n', /^x:1:9: " " is wrong here, expected a colon$/],
    ],
  },
  drmemtrace: {
    file: 'view.drmemtrace',
    bytes: text(
      'Hello, world!',
      'Output format:',
      '<--record#-> <--instr#->: <---tid---> <record details>',
      '------------------------------------------------------------',
      '           1           0:     3256418 <marker: version 5>',
      '           2           0:     3256418 <marker: timestamp 13334813807921548>',
      '           3           1:     3256418 ifetch       4 byte(s) @ 0x0000000000401d68 91038040   add    %x2',
      '           4           1:     3256418 read         8 byte(s) @ 0x00007ffd51ace110 by PC 0x0000000000401d68',
      '           5           1:     3256418 <marker: timestamp 13334813807921550>',
      '     173371: T1774669 write        8 byte(s) @ 0xffffffffffffffff by PC 0x0000000000402680',
      '           7           1:     3256418 pref-r-L1    1 byte(s) @ 0x00007ffd51ace110 by PC 0x0000000000401d68',
      'View tool results:',
      '              1 : total instructions',
    ),
    requests: [request(0x401d68, 4), request(0x7ffd51ace110, 8), request(MAX, 8, true, 2)],
    leftOut: [
      ['lines that are no records', 3],
      ['markers', 1],
      ['records of kind pref-r-L1', 1],
    ],
    wrong: [
      ['1: T5 read 8 byte(s) @ 0xg\n', /^x:1:26: "g" is wrong here, expected a hexadecimal address$/],
      ['0x10: 8, w\n0x10, 8, w\n', /^x:2:5: "," is wrong here, expected a colon$/],
      ['0x1,r,8,0x10\n0x1,q,8,0x10\n', /^x:2:5: "q" is wrong here, expected r or w$/],
    ],
  },
  dinero: {
    file: 'cc1.din',
    bytes: text('2 430d70', ' 0 7fffcc84', '1 0xffffffffffffffff', '4 0', '3 10'),
    requests: [request(0x430d70), request(0x7fffcc84), request(MAX, 0, true)],
    leftOut: [
      ['flushes of the cache (4)', 1],
      ['records of unknown type (3)', 1],
    ],
    wrong: [
      ['5 10\n', /^x:1:1: "5" is wrong here, expected a label from 0 to 4$/],
      ['0 10,\n', /^x:1:5: "," is wrong here, expected a space or the end of the line$/],
    ],
  },
  ramulator: {
    file: 'cpu.trace',
    bytes: text('3 20734016', '1 20846400 20734208', '6 0xffffffffffffffff'),
    requests: [request(20734016), request(20846400), request(20734208, 0, true), request(MAX)],
    wrong: [
      ['0x10 R\n0x10 X\n', /^x:2:6: "X" is wrong here, expected R or W$/],
      ['3 16\n3 x\n', /^x:2:3: "x" is wrong here, expected an address$/],
      ['3 16 32 64\n', /^x:1:9: "64" is wrong here, expected the end of the line$/],
    ],
  },
  lackey: {
    file: 'a.lackey',
    bytes: text(
      '==12== Lackey, an example',
      '--00:00:00:00.381 12-- Reading syms from /bin/true',
      'SB 04000a90',
      'I  04000a90,3',
      ' L 1ffefff7e0,8',
      ' S 1ffefff7e8,8',
      ' M 0421c7cc,4',
      '==12==',
    ),
    requests: [
      request(0x04000a90, 3),
      request(0x1ffefff7e0, 8),
      request(0x1ffefff7e8, 8, true),
      request(0x0421c7cc, 4, true),
    ],
    wrong: [
      [' X 10,8\n', /^x:1:2: "X" is wrong here, expected I, L, S or M$/],
      [' L 10 8\n', /^x:1:6: " " is wrong here, expected a comma and a size$/],
    ],
  },
  'lackey-run': {
    file: 'lackey.run',
    bytes: text('i0401a 2', 'w1fff000 1', 'r5 0'),
    requests: [request(0x401a), request(0x401a), request(0x1fff000, 0, true)],
    wrong: [['x10 1\n', /^x:1:1: "x10" is wrong here, expected i, r or w$/]],
  },
  damon: {
    file: 'a.damon',
    bytes: text(
      'base_time_absolute: 8 m 59.809 s',
      '',
      'monitoring_start:                0 ns',
      'monitoring_end:            104.599 ms',
      'monitoring_duration:       104.599 ms',
      'target_id: 18446623438842320000',
      'nr_regions: 2',
      '563ebaa00000-563ebc99e000(  31.617 MiB):        1',
      '7f938d7e1000-7f938ddfc000(   6.105 MiB):        0',
      '',
      'monitoring_start:       1 m 1.500 s',
      'monitoring_end:         1 m 1.600 s',
      'monitoring_duration:       100.000 ms',
      'target_id: 1',
      'nr_regions: 1',
      '# start_addr     end_addr        length  nr_accesses   age',
      '00007fff66b0a000-00007fff66b0b000 (   4.000 KiB)          20     3',
    ),
    requests: [
      request(0x563ebaa00000, 0x1f9e000, false, 0, 0),
      request(0x7fff66b0a000, 4096, false, 61_500_000, 1),
    ],
    leftOut: [
      ['empty lines and comments', 3],
      ['regions without accesses', 1],
    ],
    wrong: [
      ['monitoring_start: soon\n', /^x:1:1: "soon" is no time, expected it as in 104.599 ms$/],
      ['10-10 (0 B): 1\n', /^x:1:1: the region 10-10 has no pages/],
      ['nr_regions: 1\n10000-20000\n', /^x:2:1: "10000-20000" is wrong here, expected a region as START-END/],
    ],
  },
  perf: {
    file: 'a.perf',
    bytes: text(
      '# captured on: today',
      'mariadbd  4543 [001]  2554.788421:          1 page-faults:u:     7fb4481a2db8 my_malloc+0x1f (/usr/sbin/mariadbd)',
      'a b  1/2 2554.788430:  1 page-faults:       10 [unknown] ([heap]) 7f10 main+0x1 (a)',
      'a b  1/2 2554.788430:  1 minor-faults:       10 [unknown] ([heap]) 7f10 main+0x1 (a)',
      '  mariadbd-4543    [001] d....  2554.788621: page_fault_user: address=0x77b40800d000 ip=0x7fb4 error_code=0x6',
    ),
    requests: [request(0x7fb4481a2db8, 0, false, 2_554_788_421), request(0x10, 0, false, 2_554_788_430)],
    wrong: [
      ['hello 1 2\n', /^x:1:1: "hello" is wrong here, expected a page fault of perf script/],
      ['a 1 2.000000: 1 cycles: 10 x\n', /^x: no requests in this file/],
      [
        'a 1 2.000000: 1 page-faults:      7f5dda438932 memset+0x32 (libc.so)\n',
        /^x:1:1: 7f5dda438932 is the instruction pointer, expected the address: perf record -c 1 -d -e page-faults, then perf script -F \+addr$/,
      ],
    ],
  },
  pages: {
    file: 'a.pages',
    bytes: text('# a comment', '7', '0x10', '', '18446744073709551615 ', '7'),
    requests: [request(7), request(16), request(MAX), request(7)],
    wrong: [
      ['7\n18446744073709551616\n', /^x:2:1: "18446744073709551616" is wrong here, expected .* below 2\^64$/],
      ['7 8\n', /^x:1:3: "8" is wrong here, expected the end of the line$/],
      ['7\n-1\n', /^x:2:1: "-1" is wrong here, expected a page number/],
      [
        '# nothing\n',
        /^x: no requests in this file, expected at least one; left out: empty lines and comments \(1\)$/,
      ],
    ],
  },
  txt: {
    file: 'a.txt',
    bytes: text('5', '0xff', '18446744073709551615'),
    requests: [request(5), request(255), request(MAX)],
    wrong: [[`${'5\n'.repeat(60)}key\n`, /^x:61:1: "key" is wrong here, expected an object id.*ids=text/]],
  },
  lirs: {
    file: '2_pools.trc',
    bytes: text('12', '*', '', '0012', '4'),
    requests: [request(12), request(12), request(4)],
    wrong: [['12\n* 4\n', /^x:2:3: "4" is wrong here, expected the end of the line$/]],
  },
};

/** The requests of a batch. */
export function requestsOf(batch: RequestBatch): Request[] {
  return Array.from({ length: batch.length }, (_, i) => ({
    id: (BigInt(batch.high[i]!) << 32n) | BigInt(batch.low[i]!),
    size: batch.size[i]!,
    write: batch.write[i] === 1,
    timeUs: batch.time[i]!,
    volume: batch.volume[i]!,
  }));
}
