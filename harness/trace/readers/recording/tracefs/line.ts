/**
 * What a line of `trace_pipe` (or `trace`) is. `wrong`: of no form that ftrace prints.
 * Source of the forms: kernel/trace/trace_output.c, trace_syscalls.c; include/trace/events/{sched,task,exceptions}.h
 */
export type LineKind =
  | 'enter'
  | 'exit'
  | 'fault'
  | 'newtask'
  | 'exec'
  | 'end'
  | 'other'
  | 'comment'
  | 'wrong';

/** The task's name is padded to this width, and a hyphen and its id follow: "%16s-%-7d". */
const NAME_WIDTH = 16;
const HYPHEN = 0x2d;
const HASH = 0x23;
const CALL = 'sys_';
const RETURNS = ' -> 0x';

const NEWTASK = /^task_newtask: pid=(\d+) .*\bclone_flags=(?:0x)?([0-9a-f]+)/;
const EXEC = /^sched_process_exec: filename=(.*) pid=(\d+) old_pid=(\d+)$/;
const FAULT = /^page_fault_(?:user|kernel): /;
const END = /^sched_process_exit: /;
const OTHER = /^([A-Za-z_]\w*): /;
/** A failed call returns a small negative number of 64 bits. */
const NEGATIVE = /^f{8}([0-9a-f]{8})$/;

/** Reads lines one by one; its fields are those of the last line. */
export class TraceLine {
  thread = 0;
  /** By the instance's clock. */
  timeUs = 0;
  /** The line from its event on. */
  event = '';
  /** Of `enter` and `exit`: the call. Of `other`: the event. */
  name = '';
  /** Of `enter`: the arguments. Of `exec`: the program's file. */
  text = '';
  /** Of `exit`: what the call returned, negative where it failed. Of `newtask`: the new task. Of `exec`: the caller's id before. */
  number = 0;
  /** Of `newtask`: the flags, in hexadecimal. */
  flags = '';

  read(line: string): LineKind {
    if (line === '' || line.charCodeAt(0) === HASH) return 'comment';
    return this.leader(line) ? this.kind() : 'wrong';
  }

  /** Reads what stands before the event: name, thread, CPU, flags, time. */
  private leader(line: string): boolean {
    if (line.charCodeAt(NAME_WIDTH) !== HYPHEN) return false;
    const cpu = line.indexOf('[', NAME_WIDTH);
    const end = line.indexOf(': ', cpu);
    if (cpu < 0 || end < 0) return false;
    this.thread = Number.parseInt(line.slice(NAME_WIDTH + 1, cpu), 10);
    const time = line.slice(line.lastIndexOf(' ', end) + 1, end);
    const point = time.length - 7;
    if (time[point] !== '.') return false;
    this.timeUs = Number(time.slice(0, point)) * 1e6 + Number(time.slice(point + 1));
    this.event = line.slice(end + 2);
    return this.thread >= 0 && this.timeUs >= 0;
  }

  private kind(): LineKind {
    const { event } = this;
    if (FAULT.test(event)) return 'fault';
    if (event.startsWith(CALL)) return this.call(event);
    const newtask = NEWTASK.exec(event);
    if (newtask) {
      this.number = Number(newtask[1]);
      this.flags = newtask[2]!;
      return 'newtask';
    }
    const exec = EXEC.exec(event);
    if (exec) {
      this.text = exec[1]!;
      this.number = Number(exec[3]);
      return 'exec';
    }
    if (END.test(event)) return 'end';
    const other = OTHER.exec(event);
    if (!other) return 'wrong';
    this.name = other[1]!;
    return 'other';
  }

  private call(event: string): LineKind {
    const open = event.indexOf('(');
    if (open > 0 && event.endsWith(')')) {
      this.name = event.slice(CALL.length, open);
      this.text = event.slice(open + 1, -1);
      return 'enter';
    }
    const returns = event.indexOf(RETURNS);
    if (returns < 0) return 'wrong';
    this.name = event.slice(CALL.length, returns);
    const hex = event.slice(returns + RETURNS.length);
    const negative = NEGATIVE.exec(hex);
    this.number = negative ? Number.parseInt(negative[1]!, 16) - 2 ** 32 : Number.parseInt(hex, 16);
    return Number.isNaN(this.number) ? 'wrong' : 'exit';
  }
}

const ARGUMENT = /^\s*\w+: (.*)$/s;
const PLAIN = /^[0-9a-f]+$/;
const QUOTED = /"(?:[^"\\]|\\.)*"/;

/**
 * The arguments of a call, as strace -X raw prints them: numbers with 0x. Kernels print numbers in hexadecimal, with 0x or
 * (before 6.13, and those below 10) without, and later ones the strings that pointers lead to.
 */
export function callArguments(text: string): string[] {
  if (text === '') return [];
  const parts = text.includes('"') ? splitOutsideQuotes(text) : text.split(', ');
  return parts.map((part) => {
    const value = (ARGUMENT.exec(part)?.[1] ?? part).trim();
    if (value.includes('"')) return QUOTED.exec(value)?.[0] ?? value;
    return PLAIN.test(value) ? `0x${value}` : value;
  });
}

function splitOutsideQuotes(text: string): string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|[^,"]|,(?! ))+/g) ?? [];
}
