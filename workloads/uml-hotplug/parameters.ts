import type { Workload } from '../../harness/trace/source.js';

type Parameters = Workload['parameters'];
type Parameter = Parameters[string];

/** Order of the largest block of the buddy allocator (MAX_PAGE_ORDER). */
export const MAX_ORDER = 10;

function share(value: number, meaning: string): Parameter {
  return { kind: 'number', default: value, min: 0, max: 1, meaning };
}

function seconds(value: number, meaning: string): Parameter {
  return { kind: 'number', default: value, min: 0, max: 1e6, meaning };
}

function pages(value: number, max: number, meaning: string): Parameter {
  return { kind: 'integer', default: value, min: 1, max, meaning };
}

/** Parameters of the workload `uml-hotplug`. What has no source is a choice, and said to be one. */
export const UML_PARAMETERS: Parameters = {
  guests: pages(4, 1024, 'guests, each a process with one shared-memory file'),
  memory: pages(32_768, 2 ** 20, 'memory of a guest, in pages (default: 128 MiB)'),
  how: {
    kind: 'choice',
    default: 'hotplug',
    choices: ['hotplug', 'balloon', 'reporting'],
    meaning:
      'hotplug: whole sections without an unmovable page, the highest first; balloon: scattered pieces; reporting: free blocks of the buddy allocator',
  },
  section: pages(
    1024,
    2 ** 20,
    'pages that are unplugged at once (default: 4 MiB, what virtio-mem in Linux can unplug on x86-64; a memory section of x86-64 is 32768)',
  ),
  piece: pages(
    512,
    2 ** 20,
    'pages of a piece of the balloon (default: 2 MiB, a huge page; virtio_balloon returns single pages: 1)',
  ),
  order: {
    kind: 'integer',
    default: 9,
    min: 0,
    max: MAX_ORDER,
    meaning: 'lowest order of a block that is reported (default: pageblock_order of x86-64, 2 MiB)',
  },
  unmovable: share(
    0.0005,
    'share of the spare memory in pages that stay in use and cannot move, each at a random place (assumed)',
  ),
  given: share(0.9, 'share of what can be given back that is given back, drawn again each time (assumed)'),
  working_set: share(
    0.25,
    'share of the memory, from its start, that is never given back: the kernel and what programs keep using (assumed)',
  ),
  boot_s: seconds(5, 'time over which a guest writes all of its memory, in s'),
  busy_s: seconds(
    20,
    'time for which a guest needs all of its memory, before and after each idle time, in s',
  ),
  idle_s: seconds(20, 'time for which a guest is idle, and its spare memory is with the host, in s'),
  change_s: seconds(2, 'time that giving back or taking back lasts, at most the idle or busy time, in s'),
  cycles: pages(2, 10_000, 'how often a guest is idle'),
  skew_s: seconds(10, 'time between the starts of two guests, in s, so that not all are idle at once'),
  touches_per_s: {
    kind: 'number',
    default: 100,
    min: 0,
    max: 1e6,
    meaning: 'accesses of a guest each second after boot (assumed)',
  },
  touch_pages: pages(16, 2 ** 16, 'pages of one access (assumed)'),
  writes: share(0.3, 'share of accesses that write (as in zipf)'),
  spare_touches: share(
    0.5,
    'share of accesses of a busy guest that go to its spare memory, uniformly; the others go to the working set, more to its start',
  ),
};
