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

/** Sizes of the fields of the binary formats. */
export const FIELDS = {
  oracleGeneral: [4, 8, 4, 8],
  vscsi1: [4, 4, 4, 2, 2, 8, 8],
  vscsi2: [2, 2, 4, 4, 4, 8, 8, 8],
} as const;

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
  msr: {
    file: 'a.csv',
    bytes: text(
      '128166372003061629,hm,1,Read,383496192,32768,113736',
      '128166372003061639,usr,0,Write,18446744073709551615,512,1',
      '128166372016382155,hm,1,Write,0,4096,1',
    ),
    requests: [
      request(383496192, 32768, false, 0, 1),
      request(MAX, 512, true, 1, 4096),
      request(0, 4096, true, 1332052, 1),
    ],
    wrong: [
      ['1,hm,1,R,0,512,1,9\n', /^x:1:17: "," is wrong here, expected the end of the line$/],
      ['1,hm,1,Trim,0,512,1\n', /^x:1:8: "Trim" is wrong here, expected Read or Write$/],
      ['1,hm,1,Read,zero,512,1\n', /^x:1:13: "zero" is wrong here, expected an offset in bytes$/],
    ],
  },
  spc: {
    file: 'Financial1.spc',
    bytes: text(
      '0,303567,3584,w,0.000000',
      '1, 55590, 3072, R, 12.5',
      '0,18446744073709551615,512,r,2.1234567,more',
    ),
    requests: [
      request(303567, 3584, true, 0, 0),
      request(55590, 3072, false, 12_500_000, 1),
      request(MAX, 512, false, 2_123_456, 0),
    ],
    wrong: [
      ['0,1,512,x,0.1\n', /^x:1:9: "x" is wrong here, expected R or W$/],
      ['0,1,512\n', /^x:1:8: the end of the line is wrong here, expected a comma$/],
    ],
  },
  csv: {
    file: 'b.csv',
    bytes: text('time,op,obj_size,obj_id,ttl', '1.5,get,100,7,0', '2,set,200,0x10,0'),
    requests: [request(7, 100, false, 1_500_000), request(16, 200, true, 2_000_000)],
    wrong: [
      ['1,a,3\n', /^x:1:3: "a" is wrong here, expected an id/],
      ['1,2,3\n1,2\n', /^x:2:4: the end of the line is wrong here, expected a delimiter and 3 columns$/],
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
  lackey: {
    file: 'a.lackey',
    bytes: text(
      '==12== Lackey, an example',
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
      ['# nothing\n', /^x: no requests in this file, expected at least one$/],
    ],
  },
  txt: {
    file: 'a.txt',
    bytes: text('5', '0xff', '18446744073709551615'),
    requests: [request(5), request(255), request(MAX)],
    wrong: [['key\n', /^x:1:1: "key" is wrong here, expected an object id/]],
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
