import type { Workload } from '../../harness/trace/source.js';

/** The most images a tab may have, so that one switch of tabs fits a block of events. */
export const MAX_IMAGES = 1024;

/** Parameters of the workload `discardable`. "Recorded" is the trace chromium-cache. */
export const DISCARDABLE_PARAMETERS: Workload['parameters'] = {
  tabs: { kind: 'integer', default: 6, min: 2, max: 4096, meaning: 'tabs that are open (recorded: 8)' },
  images: {
    kind: 'integer',
    default: 14,
    min: 1,
    max: MAX_IMAGES / 2,
    meaning: 'mean number of segments of images in a tab (recorded: 115 in 8 tabs)',
  },
  spread: {
    kind: 'integer',
    default: 2,
    min: 0,
    max: MAX_IMAGES / 2,
    meaning:
      'largest difference between the number of segments of a tab and the mean, drawn uniformly; every tab has one at least (recorded: 12 to 16)',
  },
  image_pages: {
    kind: 'integer',
    default: 1875,
    min: 1,
    max: 2 ** 20,
    meaning: 'pages of a segment with one large image (recorded: 7.68 MB, 1600 × 1200 pixels of 4 bytes)',
  },
  small: {
    kind: 'number',
    default: 0.183,
    min: 0,
    max: 1,
    meaning: 'share of segments that hold small images (recorded: 21 of 115)',
  },
  small_pages: {
    kind: 'integer',
    default: 1024,
    min: 1,
    max: 2 ** 20,
    meaning: 'pages of a segment with small images (recorded: 4 MiB)',
  },
  regen_ns_per_page: {
    kind: 'integer',
    default: 6947,
    min: 0,
    max: 1e9,
    meaning:
      'what decoding costs, in ns a page (recorded: 6947, the median between two decodes of a thread; it holds the faults of the first write too)',
  },
  switches: {
    kind: 'integer',
    default: 30,
    min: 0,
    max: 2 ** 40,
    meaning: 'times another tab comes to front after all were opened (recorded: 10)',
  },
  stay_s: {
    kind: 'number',
    default: 0.63,
    min: 0,
    max: 1e6,
    meaning: 'mean time a tab stays in front, in s, exponential (recorded: 0.63, by the driver)',
  },
  skew: {
    kind: 'number',
    default: 0.99,
    min: 0,
    max: 10,
    meaning: 'exponent of Zipf\u2019s law by which tabs come to front; 0: uniform',
  },
  renew: {
    kind: 'number',
    default: 0.1,
    min: 0,
    max: 1,
    meaning: 'share of switches at which the tab that comes is a new one in place of an old one (assumed)',
  },
  close: {
    kind: 'choice',
    default: 'unmap',
    choices: ['unmap', 'discard'],
    meaning:
      'how an old tab gives its segments back: unmap, or discard, after which new images use them again (Chromium\u2019s free list)',
  },
  kind: {
    kind: 'choice',
    default: 'shared',
    choices: ['shared', 'private', 'two-process'],
    meaning:
      'shared: each segment is shared memory that only the tab maps; private: anonymous memory, which MADV_FREE takes; two-process: a browser process maps each segment too and writes a first page that is never unpinned (recorded)',
  },
  elsewhere: {
    kind: 'integer',
    default: 32_768,
    min: 0,
    max: 2 ** 30,
    meaning: 'maximum pages that another program uses at times; 0: none (default: 128 MiB, assumed)',
  },
  elsewhere_s: {
    kind: 'number',
    default: 10,
    min: 0.001,
    max: 1e6,
    meaning: 'time in which that program grows to its maximum, rests and ends, in s (assumed)',
  },
  pressure: {
    kind: 'choice',
    default: 'both',
    choices: ['none', 'moderate', 'critical', 'both'],
    meaning:
      'what programs are told when the other program is half grown (moderate) and fully grown (critical; recorded: both)',
  },
};
