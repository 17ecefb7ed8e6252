/** A small log of a format of events, and the trace it makes. */
export interface EventSample {
  readonly file: string;
  readonly bytes: Buffer;
  /** Parameters, as a user writes them. */
  readonly given?: Readonly<Record<string, string>>;
  /** Contents of side inputs, by their names. */
  readonly sides?: Readonly<Record<string, string>>;
  /** Lines of the text form. */
  readonly events: readonly string[];
  /** Logs that this format refuses, and how. */
  readonly wrong: readonly (readonly [bytes: string, message: RegExp])[];
}

const text = (...lines: string[]) => Buffer.from(`${lines.join('\n')}\n`);

const fault = (seconds: string, address: string) =>
  `  mariadbd-4 [000] d....  ${seconds}: page_fault_user: address=0x${address} ip=0x1 error_code=0x6`;

/** From a time on, process 1 makes a segment of two pages at page `at`, process 2 maps it, process 1 drops its second page. */
function segment(ms: number, at: number, tabAt: number): string[] {
  const time = (us: number) => `10.${String(ms * 1000 + us).padStart(6, '0')}`;
  const address = (page: number) => `0x${(page * 4096).toString(16)}`;
  return [
    `1  ${time(0)} memfd_create("shm", MFD_CLOEXEC) = 5 <0.000010>`,
    `1  ${time(1)} ftruncate(5, 8192) = 0 <0.000010>`,
    `1  ${time(2)} mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 5, 0) = ${address(at)} <0.000010>`,
    `2  ${time(3)} mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 9, 0) = ${address(tabAt)} <0.000010>`,
    `1  ${time(4)} madvise(${address(at + 1)}, 4096, MADV_REMOVE) = 0 <0.000100>`,
  ];
}

/** A sample for each reader of events of the registry, by its name. */
export const EVENT_SAMPLES: Readonly<Record<string, EventSample>> = {
  strace: {
    file: 'app.strace',
    bytes: text(...segment(1, 16, 64)),
    given: { touches: 'second-mapper' },
    sides: { marks: '10.001004 pressure critical' },
    events: [
      '2,spawn,1,,,',
      '2,object,,,2,shmem:segment-1',
      '2,map,1,16,2,shared:segment-1@0',
      '2,write,1,16,1,',
      '3,spawn,2,,,',
      '3,map,2,64,2,shared:segment-1@0',
      '3,close,,,,segment-1',
      '3,write,2,64,2,',
      '4,pressure,,,,critical',
      '4,mark,,,,pressure critical',
      '4,discard,1:1,17,1,MADV_REMOVE',
    ],
    wrong: [
      [
        '7  10,000001 munmap(0x1000, 4096) = 0\n',
        /^x:1: the time 10,000001 has a decimal comma, expected a point/,
      ],
    ],
  },
  chromium: {
    file: 'chrome.log',
    bytes: text(...segment(1, 16, 64), ...segment(2, 32, 96)),
    sides: { marks: '10.0 open a' },
    events: [
      '2,spawn,1,,,browser',
      '2,object,,,2,shmem:a-1',
      '2,map,1,16777216,2,shared:a-1@0',
      '2,write,1,16777216,1,',
      '3,spawn,2,,,a',
      '3,map,2,16777216,2,shared:a-1@0',
      '3,close,,,,a-1',
      '3,write,2,16777216,2,',
      '4,mark,,,,Chromium drops a-1',
      '1003,mark,,,,Chromium decodes a-1 again',
      '1004,mark,,,,Chromium drops a-1',
    ],
    wrong: [['hello\n', /^x:1: "hello" has no call with its arguments, expected a call as strace/]],
  },
  mariadb: {
    file: 'mariadb.log',
    bytes: text(
      '7 12:00:00.000000 mmap(NULL, 1048576, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x100000 <0.000004>',
      ...[1, 2].map(
        (second) =>
          `7 12:00:0${second}.000000 mmap(0x10${second}000, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10${second}000 <0.000006>`,
      ),
    ),
    sides: { faults: `${[fault('101.000000', '101000'), fault('102.000000', '102000')].join('\n')}\n` },
    events: [
      '0,spawn,7,,,mariadbd',
      '0,map,7,257,2,anon',
      '0,mark,,,,pool grows to 0.00390625 MiB',
      '0,map,7,257,1,anon',
      '0,write,7,257,1,',
      '1000000,mark,,,,pool grows to 0.0078125 MiB',
      '1000000,map,7,258,1,anon',
      '1000000,write,7,258,1,',
      '1000000,mark,,,,end',
    ],
    wrong: [
      ['hello\n', /^x:1: "hello" has no call with its arguments, expected a call as strace/],
      [
        '7 12:00:00.000000 munmap(0x1000, 4096) = 0\n',
        /^x: no buffer pool in this log, expected a reservation/,
      ],
    ],
  },
  guests: {
    file: 'snapshots.txt',
    bytes: text('4 0 0 1', '4 1 3 3', '10 0 1 0'),
    given: { names: 'a+b', pages: '100', settle: '60' },
    events: [
      '0,spawn,1,,,a',
      '0,map,1,1048576,100,anon',
      '0,madvise,1,1048576,100,MADV_MERGEABLE',
      '0,spawn,2,,,b',
      '0,map,2,1048576,100,anon',
      '0,madvise,2,1048576,100,MADV_MERGEABLE',
      '4000000,write,1,1048576,1,=1',
      '4000000,write,2,1048579,1,=2',
      '4000000,mark,,,,snapshot 1 (4 s)',
      '10000000,write,1,1048577,1,=0',
      '10000000,mark,,,,snapshot 2 (10 s)',
      '70000000,mark,,,,60 s after the last snapshot',
    ],
    wrong: [
      ['4 0 0 1\n4 0 x 1\n', /^x:2: "4 0 x 1" is not a changed page, expected SECONDS GUEST PAGE CONTENT$/],
      ['4 2 0 1\n', /^x:1: guest 2 has no name, expected guests 0 to 1/],
    ],
  },
  postgresql: {
    file: 'pages.txt',
    bytes: text('5 77 m 1260 0 0', '10 77 d 1260 0 0'),
    given: { shared_buffers: '16KiB', resize: '0.000005:8KiB' },
    events: [
      '0,object,,,4,shmem:pool',
      '0,spawn,1,,,postmaster',
      '0,map,1,1048576,4,shared:pool@0',
      '0,object,,,2,file:1260',
      '0,spawn,2,,,backend 77',
      '0,map,2,1048576,4,shared:pool@0',
      '0,pread,2,0,2,1260',
      '0,write,2,1048576,2,',
      '5,mark,,,,pool of 1 buffers',
      '5,discard,1,1048578,2,',
      '10,write,2,1048576,2,',
      '10,mark,,,,end',
    ],
    wrong: [
      ['1 7 h 1 0 0\n1 7 h 1 0\n', /^x:2:10: the end of the line is wrong here/],
      ['1 7 q 1 0 0\n', /^x:1:5: "q" is wrong here, expected h \(hit\), m/],
    ],
  },
};
