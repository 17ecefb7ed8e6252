import type { Workload } from '../../harness/trace/source.js';

type Parameters = Workload['parameters'];
type Parameter = Parameters[string];

/** Largest values for which all content ids stay below 2^31. */
const MAX_GUESTS = 1024;
const MAX_MEMORY_PAGES = 2 ** 20;
/** The longest run. */
export const MAX_RUN_PAGES = 1024;

function share(value: number, meaning: string): Parameter {
  return { kind: 'number', default: value, min: 0, max: 1, meaning };
}

function seconds(value: number, meaning: string): Parameter {
  return { kind: 'number', default: value, min: 0, max: 1e6, meaning };
}

function choice(choices: readonly [string, ...string[]], meaning: string): Parameter {
  return { kind: 'choice', default: choices[0], choices, meaning };
}

/** Parameters of the workload `guests`. "Recorded" is the trace guests-debian, at its last snapshot. */
export const GUESTS_PARAMETERS: Parameters = {
  guests: { kind: 'integer', default: 3, min: 1, max: MAX_GUESTS, meaning: 'guests (recorded: 3)' },
  memory: {
    kind: 'integer',
    default: 65_536,
    min: 1,
    max: MAX_MEMORY_PAGES,
    meaning: 'memory of a guest, in pages (recorded: 256 MiB)',
  },
  untouched: share(
    0.572,
    'share of the memory that is never written and has no page (recorded: 112544 of 196608)',
  ),
  zeroed: share(
    0.0015,
    'share of the memory that is written with zeros (recorded: 302 of 196608; Windows zeroes what it frees)',
  ),
  overlap: share(
    0.33,
    'share of the other pages whose contents all guests have: the image (recorded: 27618 of 83762)',
  ),
  duplicates: share(
    0.069,
    'share of image and of own pages that repeat another of the same guest (recorded: 5766 of 83762)',
  ),
  volatile: share(
    0.08,
    'share of pages with contents that are rewritten, taken from the own ones (recorded: 6713 of 83762 after 30 s)',
  ),
  rewrites_per_s: {
    kind: 'number',
    default: 135,
    min: 0,
    max: 1e6,
    meaning:
      'pages a guest rewrites each second after boot (recorded: at least 135, 24318 in 60 s and 3 guests)',
  },
  image_writes: share(
    0.001,
    'share of rewrites that go to pages of the image, which makes them differ (recorded: 20 of 24318 hit pages with equals)',
  ),
  run: {
    kind: 'integer',
    default: 11,
    min: 1,
    max: MAX_RUN_PAGES,
    meaning:
      'pages that lie together; runs lie in random order (recorded: 145546 pages changed in 13097 runs)',
  },
  boot_s: seconds(20, 'time over which the pages of a guest appear, in s (recorded: all but 6 within 20 s)'),
  boot_order: choice(
    ['same', 'own'],
    'same: guests fill the parts of their memory in the same order; own: each in a random order of its own',
  ),
  skew_s: seconds(0, 'time between the starts of two guests, in s (recorded: 0)'),
  late: share(
    0,
    'share of the image pages that hold contents of their own at first and get those of the image only late (image=copies)',
  ),
  late_s: seconds(60, 'time from the boot of the last guest until they get them, in s'),
  steady_s: seconds(
    120,
    'time after that until the trace ends, in s: several full scans of ksmd at its defaults',
  ),
  balloon: share(
    0,
    'share of pages with contents given back by discard when a guest has booted: own ones first',
  ),
  image: choice(
    ['copies', 'file', 'xip', 'xip-struct'],
    'copies: each guest has the image in its memory; file, xip, xip-struct: all map one image (xip-struct: each with struct pages for it)',
  ),
  disk_reads: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 1,
    meaning:
      'image=copies: 1: the host reads what it copies from a file, through its page cache (pread before each write)',
  },
  mapping: choice(
    ['private', 'shared'],
    'how an image that is mapped is mapped; shared is read-only, so that it is not rewritten',
  ),
  advice: choice(
    ['madvise', 'prctl', 'none'],
    'how merging is asked for: MADV_MERGEABLE on the memory, PR_SET_MEMORY_MERGE, or not',
  ),
  struct_page_bytes: {
    kind: 'integer',
    default: 64,
    min: 1,
    max: 4096,
    meaning: 'size of a struct page (64 on x86-64; 56, 40 and 32 were proposed or used)',
  },
};
