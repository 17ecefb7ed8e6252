import { describe, expect, it } from 'vitest';
import { inputOf, requestReader } from '../../../testing/readers.js';
import { requestsOf } from '../../../testing/requests.js';
import { FIT } from '../reader.js';

const perf = requestReader('perf');

/** What the reader makes of lines: addresses with times and writes, and what became of the lines. */
async function read(...lines: readonly string[]) {
  const input = inputOf(perf, `${lines.join('\n')}\n`);
  const faults: string[] = [];
  for await (const batch of perf.read(input))
    for (const { id, timeUs, write } of requestsOf(batch))
      faults.push(`${id.toString(16)} ${timeUs}${write ? ' w' : ''}`);
  const { leftOut, remarks, total } = input.account;
  expect(total).toBe(lines.length);
  return { faults, leftOut, remarks: remarks.filter(([what]) => !what.startsWith('faults that do not say')) };
}

const faultsIn = async (...lines: readonly string[]) => (await read(...lines)).faults;

/** Lines of perf 6.1, ftrace and trace-cmd 3.1 on Linux 6.18, with shortened names. Each holds the fault at 0x7f5dda3f4000. */
const FORMS: readonly (readonly [form: string, line: string, fault: string])[] = [
  [
    'perf script -F +addr',
    '         faulter 28556  1576.252635:          1 page-faults:     7f5dda3f4000 [unknown] ([unknown])     7f5dda438932 memset+0x32 (libc.so.6)',
    '7f5dda3f4000 1576252635',
  ],
  [
    'perf script -F +addr of a recording with -a, with the CPU',
    'faulter 28556 [003]  1576.252635:          1 page-faults:u:     7f5dda3f4000 x+0x0 (libc.so.6) ffffffff8175336a elf_load+0x28a ([kernel.kallsyms])',
    '7f5dda3f4000 1576252635',
  ],
  ['perf script -F time,addr', '11952.901654:     7f5dda3f4000', '7f5dda3f4000 11952901654'],
  ['perf script -F addr', '    7f5dda3f4000', '7f5dda3f4000 1'],
  ['perf script -F tid,addr', ' 2969     7f5dda3f4000', '7f5dda3f4000 1'],
  [
    'perf script -F time,event,addr',
    '11952.901654: page-faults:     7f5dda3f4000',
    '7f5dda3f4000 11952901654',
  ],
  ['perf script -F comm,tid,event,addr', 'prog  2969 page-faults:     7f5dda3f4000', '7f5dda3f4000 1'],
  [
    'perf script -F +addr,-ip',
    'prog  2969 11952.901654:          1 page-faults:     7f5dda3f4000 builtin_modules+0x0 (libc.so.6)',
    '7f5dda3f4000 11952901654',
  ],
  [
    'perf script -F +addr,+data_src',
    'prog  2969 11952.901654:          1 page-faults:     7f5dda3f4000 m+0x0 (libc.so.6)      1e05080021 |OP N/A|LVL N/A|     7f00adcefda7 r+0x187 (ld.so)',
    '7f5dda3f4000 11952901654',
  ],
  [
    'perf script -F +addr --ns',
    'prog  2969 11952.901654651:          1 page-faults:     7f5dda3f4000 m+0x0 (libc.so.6)     7f00adcefda7 r+0x187 (ld.so)',
    '7f5dda3f4000 11952901654',
  ],
  [
    'perf script with blanks that were joined',
    'prog 2969 11952.901654: 1 page-faults: 7f5dda3f4000 m+0x0 (libc.so.6) 7f00adcefda7 r+0x187 (ld.so)',
    '7f5dda3f4000 11952901654',
  ],
  [
    'perf script of major-faults',
    'prog 2969 11952.901654:          1 major-faults:     7f5dda3f4000 m+0x0 (libc.so.6)     7f00adcefda7 r+0x187 (ld.so)',
    '7f5dda3f4000 11952901654',
  ],
  [
    'perf script of the tracepoint',
    'prog  3559 [000] 11966.405844: exceptions:page_fault_user: address=0x7f5dda3f4000 ip=0x7fb152b67ab6 error_code=0x6',
    '7f5dda3f4000 11966405844 w',
  ],
  [
    'perf trace -e exceptions:*',
    '     2.825 prog/5164 exceptions:page_fault_user(address: 0x7f5dda3f4000, ip: 93983277732532, error_code: 6)',
    '7f5dda3f4000 2825 w',
  ],
  [
    'perf trace -e exceptions:*, in decimals and without what is 0',
    '     2.825 prog/5164 exceptions:page_fault_kernel(address: 140041070264320, ip: -2123025558)',
    '7f5dda3f4000 2825',
  ],
  [
    'perf trace -F all',
    '     1.582 ( 0.000 ms): prog/5109 minfault [main+0x58] => //anon@0x7f5dda3f4000 (d.)',
    '7f5dda3f4000 1582',
  ],
  [
    'perf trace -F all, of a mapping that perf does not know',
    '12522696.013 ( 0.000 ms): prog/5109 majfault [elf_load+0x28a] => 0x7f5dda3f4000 (?k)',
    '7f5dda3f4000 12522696013',
  ],
  [
    'ftrace',
    '            prog-16109   [000] d.... 12556.764171: page_fault_user: address=0x7f5dda3f4000 ip=0x7f809edffb70 error_code=0x14',
    '7f5dda3f4000 12556764171',
  ],
  [
    'ftrace with record-tgid',
    '            prog-16123   (  16123) [001] d.... 12556.977326: page_fault_user: address=0x7f5dda3f4000 ip=0x1 error_code=0x6',
    '7f5dda3f4000 12556977326 w',
  ],
  [
    'ftrace with latency-format',
    '    prog-16118     0d.... 346277984us : page_fault_user: address=0x7f5dda3f4000 ip=0x1 error_code=0x6',
    '7f5dda3f4000 346277984 w',
  ],
  [
    'ftrace with latency-format and a mark for a delay',
    '    prog-16118     0d.... 346277984us+: page_fault_user: address=0x7f5dda3f4000 ip=0x1 error_code=0x6',
    '7f5dda3f4000 346277984 w',
  ],
  [
    'ftrace with latency-format and verbose',
    'prog   16165   1 1 00000000 00000000 [2ec84cbeb] 15.137ms (+0.004ms): page_fault_user: address=0x7f5dda3f4000 ip=0x1 error_code=0x6',
    '7f5dda3f4000 15137 w',
  ],
  [
    'ftrace with fields',
    ' prog-16158   [000] d.... 12557.845223: page_fault_user: error_code=0x6 (6) ip=0x7f853d25fb70 (140210233277296) address=0x7f5dda3f4000 (140041025437696)',
    '7f5dda3f4000 12557845223 w',
  ],
  [
    'ftrace with nocontext-info',
    'page_fault_user: address=0x7f5dda3f4000 ip=0x7fdc07c43b70 error_code=0x14',
    '7f5dda3f4000 1',
  ],
  [
    'function_graph',
    ' 2)               |  /* page_fault_user: address=0x7f5dda3f4000 ip=0x7fadaba40fd8 error_code=0x14 */',
    '7f5dda3f4000 1',
  ],
  [
    'function_graph with funcgraph-abstime',
    '  6288.896762 |   2)               |  /* page_fault_user: address=0x7f5dda3f4000 ip=0x7f error_code=0x14 */',
    '7f5dda3f4000 6288896762',
  ],
  [
    'trace-cmd report of an instance, with --ts-diff',
    'rb1:            <...>-17366 [001] 12590.548411: (+5)     page_fault_user:      address=0x7f5dda3f4000 ip=0x7fa25b5a97ad error_code=0x6',
    '7f5dda3f4000 12590548411 w',
  ],
];

describe('a page fault', () => {
  it.each(FORMS)('of %s has its address, time and kind', async (_form, line, fault) => {
    expect(await faultsIn(line)).toEqual([fault]);
    expect(perf.detect(Buffer.from(`${line}\n`)).fit).not.toBe(FIT.none);
  });

  it.each([
    [
      'perf script without addr, also of a recording with -d',
      '         faulter 28556  1576.252635:          1 page-faults:      7f5dda438932 memset+0x32 (libc.so.6)',
      '7f5dda438932 is the instruction pointer',
    ],
    ['perf script -F time,ip', '11952.901654:      7f00adcefda7', '7f00adcefda7 is the instruction pointer'],
    [
      'perf script -F +data_src',
      'prog  2969 11952.901654:          1 page-faults:       1e05080021 |OP N/A|LVL N/A|     7f00adcefda7 r+0x187 (ld.so)',
      '1e05080021 is the source of the data',
    ],
    ['a call graph', 'prog  3336 11960.990006:          1 page-faults: ', 'the fault has no field addr'],
    [
      'one number with its symbol, where columns are not kept',
      'prog 3336 11960.990006: 1 page-faults: 7f00adcefda7 r+0x187 (ld.so)',
      '7f00adcefda7 may be the instruction pointer',
    ],
    ['ftrace with raw', '16144 0 12557512587320 type: 190', 'ftrace prints no fields with its options raw'],
  ])('of %s has no address, and is refused with what prints it', async (_form, line, why) => {
    await expect(faultsIn(line)).rejects.toThrow(
      new RegExp(
        `^x:1:1: ${why}.*, expected the address: perf record -c 1 -d -e page-faults, then perf script -F \\+addr$`,
      ),
    );
    expect(perf.detect(Buffer.from(`${line}\n`)).fit).not.toBe(FIT.none);
  });
});

const USER = (time: string, address: string) =>
  ` prog-7 [000] d.... ${time}: page_fault_user: address=0x${address} ip=0x1 error_code=0x6`;

describe('a recording of page faults', () => {
  it('has lines besides faults, counted by what they are', async () => {
    const { faults, leftOut, remarks } = await read(
      'cpus=4',
      'prog 3 11952.890983: PERF_RECORD_MMAP2 2969/2969: [0x7ffe5ceed000(0x21000) @ 0x7ffffffde000 00:00 0 0]: rw-p [stack]',
      'prog 3 11963.955717:          1        cpu-clock:                0 ffffffff8157a701 perf_event_exec+0x341 ([kernel])',
      'prog 3 11963.955717:     sched:sched_switch: prev_comm=a prev_pid=1 ==> next_comm=b',
      ' prog-16181   [001] ..... 12558.392698: sys_dup2(oldfd: 0xb, newfd: 1)',
      ' prog-7 [000] d....  1.000001: do_fault <-handle_mm_fault',
      'prog 3 11963.955718:          1 page-faults:     7f5dda3f4000',
      '\tffffffff8175336a elf_load+0x28a ([kernel.kallsyms])',
      '           1ab70 _start+0x0 (/usr/lib/ld.so)',
      '  setup-vdso.h:37',
      '',
      ' prog-7 [000] d.... 12557.335420: <stack trace>',
      ' => asm_exc_page_fault',
      ' 2)   0.500 us    |  foo();',
      '     0.123 ( 0.004 ms): prog/5109 brk(brk: 0) = 0x55',
    );
    expect(faults).toEqual(['7f5dda3f4000 11963955718']);
    expect(Object.fromEntries(leftOut)).toEqual({
      'headers of trace-cmd': 1,
      'PERF_RECORD_MMAP2 records': 1,
      'cpu-clock events': 1,
      'sched:sched_switch events': 1,
      'sys_dup2 events': 1,
      'functions of the function tracer': 1,
      'lines of call graphs': 4,
      'source lines': 1,
      'empty lines and comments': 1,
      'functions of function_graph': 1,
      'system calls and other events of perf trace': 1,
    });
    expect(remarks).toEqual([]);
  });

  it('says how many events were lost', async () => {
    const { leftOut, remarks } = await read(
      '# entries-in-buffer/entries-written: 100/130   #P:2',
      USER('1.000001', '1000'),
      'CPU:2 [LOST 4656 EVENTS]',
      'cpu:1 [12 EVENTS DROPPED]',
      'prog 3 11952.890983: PERF_RECORD_LOST lost 2',
    );
    expect(remarks).toEqual([['events lost while recording', 30 + 4656 + 12 + 2]]);
    expect(leftOut).toEqual([
      ['empty lines and comments', 1],
      ['reports of lost events', 2],
      ['PERF_RECORD_LOST records', 1],
    ]);
  });

  it('says how many faults its samples stand for, and that no times are in it', async () => {
    const { remarks } = await read(
      'prog page-faults:     7f5dda3f4000',
      'prog 3 1.000001:         89 page-faults:     7f5dda3f4000',
    );
    expect(remarks).toEqual([
      ['faults without a time: each is a microsecond after the one before', 1],
      ['faults that samples stand for without their addresses (perf record -c 1 has all)', 88],
    ]);
  });

  it('counts a fault once that several events show', async () => {
    const line = (event: string) => `prog 3 1.000001:          1 ${event}:     7f5dda3f4000`;
    expect((await read(line('page-faults'), line('minor-faults'))).leftOut).toEqual([
      ['minor-faults and major-faults events, as page-faults events are used', 1],
    ]);
    expect(await faultsIn(line('minor-faults'), line('major-faults'))).toHaveLength(2);
    const blind = 'prog 3 1.000001:          1 page-faults:      7f5dda438932 memset+0x32 (libc.so.6)';
    expect(await faultsIn(USER('1.000000', '1000'), blind)).toEqual(['1000 1000000 w']);
  });

  it('of perf trace has pages of files by file and offset, apart from each other and from addresses', async () => {
    const line = (target: string) =>
      `     1.582 ( 0.000 ms): prog/5109 minfault [main+0x58] => ${target} (d.)`;
    const { faults, remarks } = await read(
      ...['/lib/a@0x1000', '/lib/b (deleted)@0x1000', '/lib/a@0x2000', '[stack]@0x1000'].map(line),
    );
    expect(faults.map((text) => text.split(' ')[0])).toEqual([
      '100000000001000',
      '100010000001000',
      '100000000002000',
      '1000',
    ]);
    expect(remarks).toEqual([
      ['faults on files, of which perf trace prints no address: pages go by file and offset', 3],
    ]);
  });

  it('leaves out faults on kernel addresses', async () => {
    const { faults, leftOut } = await read(USER('1.000000', 'ffffffff81000000'), USER('2.000000', '1000'));
    expect(faults).toEqual(['1000 2000000 w']);
    expect(leftOut).toEqual([['faults on kernel addresses', 1]]);
  });

  it('is not seen in texts that have numbers', () => {
    for (const text of [
      '1234567890123456\n',
      '5\n6\n',
      'I  04000a90,3\n',
      '7 12:00:00.000000 munmap(0x1000, 4096) = 0\n',
    ])
      expect(perf.detect(Buffer.from(text)).fit, text).toBe(FIT.none);
  });
});
