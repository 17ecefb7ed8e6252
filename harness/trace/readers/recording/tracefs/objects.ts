import { PAGE_BYTES } from '../../../../base/page.js';
import type { LineAccount } from '../../account.js';
import type { Call, SeenObject } from '../../calls/call.js';
import { pages } from '../../calls/call.js';
import { type MapsLine, mapsLine } from '../maps-text.js';

/** When something was looked at, in µs of CLOCK_MONOTONIC: it was so through all of that time. */
interface Seen {
  readonly fromUs: number;
  readonly toUs: number;
  /** The thread that was looked at: threads of a process have the same. */
  readonly thread: number;
}

interface SeenDescriptor extends Seen {
  readonly fd: number;
  readonly object: SeenObject;
}

interface SeenMapping extends Seen {
  readonly map: MapsLine;
}

const NS_PER_US = 1000n;
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', '\\': '\\' };

/** A field as it was before it was written. */
function plain(field = ''): string {
  return field.replace(/\\([tn\\])/g, (_, code: string) => ESCAPES[code]!);
}

function seenAt(
  from: string | undefined,
  to: string | undefined,
  thread: string | undefined,
): Seen | undefined {
  if (!/^\d+$/.test(from ?? '') || !/^\d+$/.test(to ?? '')) return undefined;
  // Rounded inwards: a change in the same µs may have come before.
  const fromUs = Number((BigInt(from!) + NS_PER_US - 1n) / NS_PER_US);
  return { fromUs, toUs: Number(BigInt(to!) / NS_PER_US), thread: Number(thread) };
}

/** What the descriptors and mappings of a recording stand for, as far as they were looked at. */
export class SeenObjects {
  private readonly descriptors = new Map<string, SeenDescriptor[]>();
  private readonly mappings = new Map<number, SeenMapping[]>();

  /** Reads a line of `objects.txt`, and counts it. */
  read(line: string, account: LineAccount): void {
    const [kind, from, to, thread, ...rest] = line.split('\t');
    const seen = seenAt(from, to, thread);
    if (seen && kind === 'fd' && rest.length === 5) {
      this.addDescriptor(seen, rest);
      account.join();
    } else if (seen && kind === 'map' && rest.length === 6 && this.addMapping(seen, rest)) account.join();
    else account.leave('lines that are not observations');
  }

  private addDescriptor(seen: Seen, [fd, dev, inode, bytes, path]: readonly string[]): void {
    const object = { identity: `${dev} ${inode}`, path: plain(path), bytes: Number(bytes) };
    push(this.descriptors, `${seen.thread} ${fd}`, { ...seen, fd: Number(fd), object });
  }

  private addMapping(seen: Seen, [range, access, offset, dev, inode, path]: readonly string[]): boolean {
    const map = mapsLine(`${range} ${access} ${offset} ${dev} ${inode} ${plain(path)}`);
    if (map) push(this.mappings, seen.thread, { ...seen, map });
    return map !== undefined;
  }

  /** What a descriptor of one of some threads stood for, between two times. */
  descriptor(threads: readonly number[], fd: number, fromUs: number, toUs: number): SeenObject | undefined {
    for (const thread of threads) {
      const found = firstWithin(this.descriptors.get(`${thread} ${fd}`), fromUs, toUs);
      if (found) return found.object;
    }
    return undefined;
  }

  /** What a page of one of some threads was mapped of, between two times. */
  mappingAt(threads: readonly number[], page: number, fromUs: number, toUs: number): SeenObject | undefined {
    for (const thread of threads) {
      const all = this.mappings.get(thread) ?? [];
      const from = firstIndex(all.length, (i) => all[i]!.fromUs >= fromUs);
      let found: SeenMapping | undefined;
      for (let i = from; i < all.length && all[i]!.fromUs <= toUs && !found; i++)
        if (all[i]!.toUs <= toUs && all[i]!.map.start <= page && page < all[i]!.map.end) found = all[i];
      if (found) return { identity: `${found.map.dev} ${found.map.inode}`, path: found.map.path, bytes: -1 };
    }
    return undefined;
  }

  /** All mappings of a process, the first time that they were looked at after one; none where it was not. */
  mapsAfter(
    thread: number,
    timeUs: number,
  ): { readonly untilUs: number; readonly maps: readonly MapsLine[] } {
    const all = this.mappings.get(thread) ?? [];
    const at = firstIndex(all.length, (i) => all[i]!.fromUs >= timeUs);
    const first = all[at];
    if (!first) return { untilUs: timeUs, maps: [] };
    let end = at;
    while (all[end]?.fromUs === first.fromUs) end++;
    return {
      untilUs: first.toUs,
      maps: all.slice(at, end).map(({ map }) => map),
    };
  }
}

/** The first of a number of indices for which something is true that is true of all later ones; the number where there is none. */
export function firstIndex(length: number, isTrue: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isTrue(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The first of what was looked at, in order, between two times. */
function firstWithin<T extends Seen>(seen: readonly T[] = [], fromUs: number, toUs: number): T | undefined {
  const first = seen[firstIndex(seen.length, (i) => seen[i]!.fromUs >= fromUs)];
  return first && first.toUs <= toUs ? first : undefined;
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** The range of addresses that a call maps, in pages; undefined where it maps none. */
export function mappedBy(call: Call): { readonly start: number; readonly end: number } | undefined {
  if (!(call.result > 0)) return undefined;
  // As far as it is known: where a segment of System V begins.
  if (call.name === 'shmat') return { start: call.result / PAGE_BYTES, end: call.result / PAGE_BYTES + 1 };
  const bytes = call.name === 'mmap' ? call.args[1] : call.name === 'mremap' ? call.args[2] : undefined;
  if (bytes === undefined) return undefined;
  const start = call.result / PAGE_BYTES;
  return { start, end: start + pages(Number(bytes) || 0) };
}
