import { PAGE_BYTES } from '../../../base/page.js';
import type { Call, Range, SeenObject } from '../calls/call.js';
import { isSegmentPath } from '../calls/segments.js';
import { NO_FILES } from '../strace/arguments.js';

/** A mapping, as `/proc/PID/maps` says. */
export interface MapsLine extends Range {
  /** As in `rw-p`. */
  readonly access: string;
  /** Bytes into what is mapped. */
  readonly offset: number;
  readonly dev: string;
  readonly inode: string;
  readonly path: string;
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) (\S+) (\d+)\s*(.*)$/;
/** Mappings of the kernel's own, which no call can act on. */
const KERNEL = /^\[(vvar|vvar_vclock|vdso|vsyscall|uprobes)\]$/;
const STACK = '[stack]';
const HEAP = '[heap]';
/** What a stack may grow to, downwards. Source: _STK_LIM of include/uapi/linux/resource.h */
const STACK_PAGES = (8 << 20) / PAGE_BYTES;
/** Descriptors that no process has, for mappings whose own is not known. */
const NO_DESCRIPTOR = 1 << 30;

/** Reads a line of `/proc/PID/maps`; undefined where it is not one. */
export function mapsLine(text: string): MapsLine | undefined {
  const match = LINE.exec(text);
  if (!match) return undefined;
  const [, start, end, access, offset, dev, inode, path] = match;
  return {
    start: Number.parseInt(start!, 16) / PAGE_BYTES,
    end: Number.parseInt(end!, 16) / PAGE_BYTES,
    access: access!,
    offset: Number.parseInt(offset!, 16),
    dev: dev!,
    inode: inode!,
    path: path!,
  };
}

/** The mappings of a text of `/proc/PID/maps`, by address. */
export function mapsOf(text: string): MapsLine[] {
  return text.split('\n').flatMap((line) => mapsLine(line) ?? []);
}

/** Who has mappings, from when on. */
export interface MapsAt {
  readonly thread: number;
  readonly timeUs: number;
}

/** A call that the recording does not have, of no line. */
export function impliedCall(
  { thread, timeUs }: MapsAt,
  name: string,
  args: readonly string[],
  result: number,
  objects?: ReadonlyMap<number, SeenObject>,
): Call {
  const nothing = { errno: undefined, durationNs: undefined, lines: 0, place: { file: 'a recording' } };
  return { thread, timeUs, name, args, files: NO_FILES, objects, result, ...nothing };
}

const hex = (number: number) => `0x${number.toString(16)}`;

function protection(access: string): string {
  const words = [
    ...(access[0] === 'r' ? ['PROT_READ'] : []),
    ...(access[1] === 'w' ? ['PROT_WRITE'] : []),
    ...(access[2] === 'x' ? ['PROT_EXEC'] : []),
  ];
  return words.length === 0 ? 'PROT_NONE' : words.join('|');
}

/**
 * The calls that would have made mappings: anonymous memory, segments and the heap. Files are left out, as calls that map
 * them are.
 *
 * @param maps by address
 */
export function callsThatMap(at: MapsAt, maps: readonly MapsLine[]): Call[] {
  return maps.flatMap((map, i) => {
    const { start, end, access, offset, dev, inode, path } = map;
    if (KERNEL.test(path)) return [];
    if (path === HEAP)
      return [start, end].map((page) => impliedCall(at, 'brk', [hex(page * PAGE_BYTES)], page * PAGE_BYTES));
    const lowest = path === STACK ? Math.max(end - STACK_PAGES, maps[i - 1]?.end ?? 0) : start;
    const from = Math.min(start, lowest) * PAGE_BYTES;
    const bytes = String(end * PAGE_BYTES - from);
    if (access[3] === 's' && isSegmentPath(path)) {
      const object = { identity: `${dev} ${inode}`, path, bytes: -1 };
      const args = [
        hex(from),
        bytes,
        protection(access),
        'MAP_SHARED|MAP_FIXED',
        String(NO_DESCRIPTOR),
        hex(offset),
      ];
      return [
        impliedCall(at, 'mmap', args, from, new Map([[NO_DESCRIPTOR, object]])),
        impliedCall(at, 'close', [String(NO_DESCRIPTOR)], 0),
      ];
    }
    if (inode !== '0') return [];
    const flags = `${access[3] === 's' ? 'MAP_SHARED' : 'MAP_PRIVATE'}|MAP_FIXED|MAP_ANONYMOUS`;
    return [impliedCall(at, 'mmap', [hex(from), bytes, protection(access), flags, '-1', '0'], from)];
  });
}
