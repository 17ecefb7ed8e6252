import { appendFileSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { readProc } from '../process.js';

/** What a line says whose task has a descriptor or mapping that was not there before. */
const OPENED = [' sys_openat -> ', ' sys_open -> ', ' sys_openat2 -> ', ' sys_memfd_create -> '].map(latin);
const MAPPED = latin(' sys_mmap(');
const ATTACHED = latin(' sys_shmat -> ');
const BEGUN = latin(' sched_process_exec: ');
const NEWLINE = 10;
/** Source: linux/include/uapi/asm-generic/mman-common.h. */
const MAP_ANONYMOUS = 0x20;

function latin(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** A field of a line: no tab, no newline. */
function field(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
}

/** A device as `/proc/PID/maps` has it. Source: sys/sysmacros.h, gnu_dev_major and gnu_dev_minor. */
export function deviceText(dev: number): string {
  const bits = BigInt(dev);
  const major = ((bits >> 8n) & 0xfffn) | ((bits >> 32n) & ~0xfffn);
  const minor = (bits & 0xffn) | ((bits >> 12n) & ~0xffn);
  const hex = (part: bigint) => part.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor & 0xffffffffn)}`;
}

/** Calls of `visit` with the line around each place of a text; lines begin at 0 and end within. */
function eachLine(text: Buffer, length: number, pattern: Buffer, visit: (line: string) => void): void {
  let from = 0;
  for (;;) {
    const at = text.indexOf(pattern, from);
    if (at < 0 || at >= length) return;
    const end = text.indexOf(NEWLINE, at);
    visit(text.toString('latin1', text.lastIndexOf(NEWLINE, at) + 1, end));
    from = end;
  }
}

/** The thread of a line of ftrace; its task's name may hold anything. */
function threadOf(line: string): number {
  return Number(/-(\d+)\s+\[\d+\]/.exec(line)?.[1]);
}

/**
 * Looks up what descriptors and mappings of the recorded processes stand for while they are there, and writes it down with the
 * time: tracepoints have their numbers only.
 */
export class Observer {
  /** Lines of the last maps that were seen, by thread. */
  private readonly seen = new Map<number, Set<string>>();

  /** @param file where observations go */
  constructor(private readonly file: string) {
    writeFileSync(file, '');
  }

  /** Writes down all that a process has open and mapped. */
  observeAll(pid: number): void {
    let open: string[] = [];
    try {
      open = readdirSync(`/proc/${pid}/fd`);
    } catch {
      // It has ended.
    }
    const lines = open.flatMap((fd) => this.descriptor(pid, Number(fd)));
    this.write([...lines, ...this.maps(pid, true)]);
  }

  /** Observes what events are about. @param text whole lines of them */
  observe(text: Buffer): void {
    const length = text.length;
    const descriptors = new Map<string, readonly [thread: number, fd: number]>();
    const add = (line: string, digits: string | undefined) => {
      const fd = Number.parseInt(digits ?? '', 16);
      // Above are errors, and no descriptor.
      if (fd < 1 << 30) descriptors.set(`${threadOf(line)}/${fd}`, [threadOf(line), fd]);
    };
    const mapped = new Map<number, boolean>();
    for (const pattern of OPENED)
      eachLine(text, length, pattern, (line) => add(line, / -> 0x([0-9a-f]+)/.exec(line)?.[1]));
    eachLine(text, length, MAPPED, (line) => {
      const [, flags, fd] = /flags: (?:0x)?([0-9a-f]+), fd: (?:0x)?([0-9a-f]+)/.exec(line) ?? [];
      if (flags === undefined || (Number.parseInt(flags, 16) & MAP_ANONYMOUS) !== 0) return;
      add(line, fd);
      mapped.set(threadOf(line), false);
    });
    eachLine(text, length, ATTACHED, (line) => mapped.set(threadOf(line), false));
    eachLine(text, length, BEGUN, (line) => mapped.set(threadOf(line), true));
    this.write([
      ...[...descriptors.values()].flatMap(([thread, fd]) => this.descriptor(thread, fd)),
      ...[...mapped].flatMap(([thread, isNew]) => this.maps(thread, isNew)),
    ]);
  }

  private descriptor(pid: number, fd: number): string[] {
    const path = `/proc/${pid}/fd/${fd}`;
    try {
      const from = process.hrtime.bigint();
      const target = readlinkSync(path);
      const { dev, ino, size } = statSync(path, { bigint: true });
      const to = process.hrtime.bigint();
      return [['fd', from, to, pid, fd, deviceText(Number(dev)), ino, size, field(target)].join('\t')];
    } catch {
      // It is closed by now.
      return [];
    }
  }

  /** @param all those without a file, too: what an exec has made */
  private maps(pid: number, all: boolean): string[] {
    const from = process.hrtime.bigint();
    const text = readProc(`/proc/${pid}/maps`);
    const to = process.hrtime.bigint();
    if (text === undefined) return [];
    const before = all ? undefined : this.seen.get(pid);
    const lines = text.split('\n');
    this.seen.set(pid, new Set(lines));
    return lines.flatMap((line) => {
      const [, range, access, offset, dev, inode, path] =
        /^(\S+) (\S+) (\S+) (\S+) (\d+)\s*(.*)$/.exec(line) ?? [];
      if (range === undefined || before?.has(line) || (inode === '0' && !all)) return [];
      return [['map', from, to, pid, range, access, offset, dev, inode, field(path!)].join('\t')];
    });
  }

  private write(lines: readonly string[]): void {
    if (lines.length > 0) appendFileSync(this.file, `${lines.join('\n')}\n`);
  }
}
