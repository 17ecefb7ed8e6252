import fc from 'fast-check';
import { FifoChooser } from '../naive/reclaim.js';
import { NaiveKernel } from '../naive/state.js';
import { BASE, type Choice, MOST_COUNT, PAGES, pick } from './event.js';
import { EventMaker, type Kind } from './events.js';

/** Images are mapped here, away from all that the naive model knows of. */
const IMAGES = BASE + 64 * 512;
const IMAGE_PAGES = 24;
const IMAGE_KINDS = ['xip', 'xip+struct', 'pfn'] as const;
/** Memory cgroups; the last is that of the trace, which has no files of its own. */
const CGROUPS = ['g', 'g/a', 'h', '/'];

/**
 * Kinds of events that would make a trace of these broken: the machine has more VMAs than the model (volatile and mergeable
 * parts are VMAs of their own), and other limits.
 */
const LEFT_OUT: readonly Kind[] = [
  'mapCount',
  'limit',
  'lock',
  'mapLocked',
  'lockAll',
  'dmaPin',
  // Under a kernel.version that has no guards, these would stay or not come.
  'guard',
  'mapWhole',
  'unmapWhole',
];

/** What is written between the events of the naive model, which it does not have: none of it can break a trace. */
const EXTRA: readonly ((place: Place) => string)[] = [
  ({ range }) => `madvise,${range},MADV_VOLATILE`,
  ({ range }) => `madvise,${range},MADV_VOLATILE`,
  ({ range }) => `madvise,${range},MADV_NONVOLATILE`,
  ({ range }) => `madvise,${range},MADV_MERGEABLE`,
  ({ range }) => `madvise,${range},MADV_MERGEABLE`,
  ({ range }) => `madvise,${range},MADV_UNMERGEABLE`,
  ({ space, more }) => `prctl,${space},,,merge=${more % 2}`,
  ({ space, more }) => `prctl,${space},,,thp_disable=${more % 2}`,
  ({ more }) => `set,,,,ksm.run=${[0, 1, 1, 2][more % 4]}`,
  ({ more }) => `set,,,,ksm.smart_scan=${more % 2}`,
  ({ more }) => `set,,,,ksm.use_zero_pages=${more % 2}`,
  ({ more }) => `set,,,,vm.swappiness=${more % 200}`,
  ({ more }) => `set,,,,mm.shared_zero_page=${more % 2}`,
  ({ more }) => `set,,,,memcg.stats_flush_ms=${1 + (more % 3)}`,
  ({ more }) => `set,,,,read_ahead_kb=${(more % 3) * 16}`,
  ({ more }) => `set,,,,vm.page-cluster=${more % 4}`,
  ({ more }) => `set,,,,swap.vma_ra_enabled=${more % 2}`,
  ({ more }) => `set,,,,kernel.version=${more % 2 ? '6.1' : '6.18'}`,
  ({ range }) => `discard,${range},`,
  ({ range, more }) => `unpin,${range},regen_ns=${(more % 9) * 100}`,
  ({ range }) => `pin,${range},`,
  ({ more }) => `pressure,,,,${more % 4 === 0 ? 'critical' : 'moderate'}`,
  // Punches bytes, whole pages of which may be none.
  ({ more }) =>
    `fallocate,,0,0,punch:${['x0', 'x1', 'a'][more % 3]}@${more % 40_000}+${1 + ((more >> 4) % 30_000)}`,
  ({ more }) => `fallocate,,${more % IMAGE_PAGES},3,punch:x${more % 3}`,
  ({ more }) => `fadvise,,${more % IMAGE_PAGES},3,dontneed:x${more % 2}`,
  ({ more }) =>
    `migrate,,${more % IMAGE_PAGES},${1 + (more % 5)},${more % 2 ? 'cache' : 'xip'}:x${(more >> 3) % 2}`,
  ({ space, more }) => `read,${space},${IMAGES + (more % IMAGE_PAGES)},1,`,
  ({ space, more }) => `write,${space},${IMAGES + IMAGE_PAGES + (more % IMAGE_PAGES)},1,`,
  ({ space, more }) => `read,${space},${IMAGES + 2 * IMAGE_PAGES + (more % IMAGE_PAGES)},1,`,
  ({ more }) => `limit,,,${more % 3 === 0 ? '' : 8 + (more % 40)},`,
  ({ space, more }) => `cgroup,${space},,,${CGROUPS[more % CGROUPS.length]}`,
  ({ space, more }) => `cgroup,${space},,,${CGROUPS[more % CGROUPS.length]}`,
  ({ more }) =>
    `cgroup,,,,${CGROUPS[more % 3]} memory.max=${more % 5 === 0 ? 'max' : 8 + ((more >> 3) % 40)}`,
  ({ more }) => `cgroup,,,,${CGROUPS[more % 3]} memory.high=${(more >> 3) % 40}`,
  ({ more }) => `cgroup,,,,${CGROUPS[more % 3]} memory.low=${(more >> 3) % 20} memory.min=${(more >> 8) % 8}`,
  ({ more }) => `cgroup,,,,${CGROUPS[more % 3]} memory.swap.max=${more % 5 === 0 ? 'max' : (more >> 3) % 40}`,
  ({ more }) => `cgroup,,,,${CGROUPS[more % 3]} memory.reclaim=${1 + ((more >> 3) % 20)}`,
];

interface Place {
  readonly space: number;
  readonly range: string;
  readonly more: number;
}

/** Every space maps the images: those that it has not from its parent, it maps when it begins. */
function mapImages(space: number): string[] {
  return IMAGE_KINDS.map((_, i) => {
    const how = i === 1 ? `private:x${i}@0` : `shared:x${i}@0 ro`;
    return `map,${space},${IMAGES + i * IMAGE_PAGES},${IMAGE_PAGES},${how}`;
  });
}

const choice: fc.Arbitrary<Choice & { readonly extra2: number }> = fc.record({
  kind: fc.nat(999),
  space: fc.nat(3),
  page: fc.nat(PAGES - 1),
  count: fc.integer({ min: 1, max: MOST_COUNT }),
  extra: fc.nat(2 ** 30),
  extra2: fc.nat(2 ** 20),
});

/** Gaps between events in µs: daemons work in between. */
const GAPS = [0, 0, 1, 1, 5, 400, 30_000, 200_000];

function extraEvent(k: NaiveKernel, { space, page, count, extra2 }: Choice & { extra2: number }): string {
  const [kind, rest] = pick(EXTRA, extra2);
  const [{ id }] = pick([...k.spaces.values()], space);
  return kind({ space: id, range: `${id},${BASE + page},${count}`, more: rest });
}

function linesOf(chosen: readonly (Choice & { extra2: number })[]): string[] {
  const k = new NaiveKernel(new FifoChooser(), 'none', 0, Number.POSITIVE_INFINITY);
  const maker = new EventMaker(k, LEFT_OUT);
  const texts: string[] = [];
  const push = (text: string): void => {
    texts.push(text);
    if (/^spawn/.test(text)) texts.push(...mapImages(Number(text.split(',')[1])));
  };
  IMAGE_KINDS.forEach((kind, i) => {
    texts.push(`object,,,${IMAGE_PAGES},${kind}:x${i}`);
  });
  for (const event of maker.start()) {
    event.run(k);
    push(event.text);
  }
  for (const one of chosen) {
    if (one.extra2 % 3 === 0) push(extraEvent(k, one));
    const event = maker.make(one);
    if (!event) continue;
    event.run(k);
    push(event.text);
  }
  let now = 0;
  return texts.map((text, i) => {
    now += GAPS[(chosen[i % Math.max(1, chosen.length)]?.extra ?? 0) % GAPS.length]!;
    return `${now},${text}`;
  });
}

/**
 * Traces that make sense with everything that the naive model lacks: volatile memory, images (XIP, page frame numbers) and
 * migrate, KSM, byte ranges, discard, unpin and pin, limits, and memory cgroups.
 */
export function restTrace(maxEvents: number): fc.Arbitrary<string[]> {
  return fc.noBias(fc.array(choice, { minLength: 1, maxLength: maxEvents, size: 'max' })).map(linesOf);
}
