/**
 * How policies and causes of stalls look, in all figures and in report.html: a policy has the same colour, dash and
 * mark wherever it is drawn, a cause the same colour and hatch. Imports nothing: report.html uses it in the browser.
 */

/** Shapes of marks; the names are Vega's. */
export type Mark =
  | 'circle'
  | 'square'
  | 'triangle-up'
  | 'triangle-down'
  | 'triangle-left'
  | 'triangle-right'
  | 'diamond'
  | 'cross';

/** Directions of the lines in a hatched area: rising, falling, both, level, upright; or a plain area. */
export type Hatch = 'none' | 'rising' | 'falling' | 'crossed' | 'level' | 'upright';

/** The look of a policy. No two policies of one comparison have the same colour, dash and mark. */
export interface PolicyStyle {
  /** On white paper. */
  readonly color: string;
  /** On a dark page. */
  readonly dark: string;
  /** Lengths of strokes and gaps in points; empty for a solid line. */
  readonly dash: readonly number[];
  readonly mark: Mark;
}

/**
 * Colours of Okabe and Ito, which people with any colour vision can distinguish, and the same colours for a dark page.
 * Their yellow is left out: it is faint on white.
 */
const COLORS = {
  black: ['#000000', '#f2f2f2'],
  blue: ['#0072B2', '#4ba3e3'],
  sky: ['#56B4E9', '#9ad4f7'],
  green: ['#009E73', '#2fcfa0'],
  vermilion: ['#D55E00', '#ff8a3d'],
  orange: ['#E69F00', '#f5bd45'],
  purple: ['#CC79A7', '#e8a3c9'],
} as const;
type Color = keyof typeof COLORS;

const SOLID: readonly number[] = [];
const DASHED = [4, 1.5];
const DOTTED = [1.2, 1.5];
const DASH_DOT = [6, 1.5, 1.2, 1.5];
const SHORT = [2.5, 1.2];
const LONG = [9, 2];
const DASH_DOT_DOT = [6, 1.5, 1.2, 1.5, 1.2, 1.5];
const SPARSE = [1.2, 3];

function style(color: Color, dash: readonly number[], mark: Mark): PolicyStyle {
  const [light, dark] = COLORS[color];
  return { color: light, dark, dash, mark };
}

/**
 * The discard policies. Colours say what they do: what frees at the call is blue, what frees early is light blue, what
 * frees over a budget or after a time is green, what leaves it to the kernel, or keeps an amount, is purple or orange.
 */
const DISCARD: Readonly<Record<string, PolicyStyle>> = {
  keep: style('black', SOLID, 'circle'),
  remove: style('blue', SOLID, 'square'),
  punch: style('blue', DASHED, 'triangle-right'),
  'punch:lookup=1': style('blue', DOTTED, 'triangle-left'),
  'remove:eager=1': style('sky', SOLID, 'triangle-up'),
  'punch:eager=1': style('sky', DOTTED, 'triangle-right'),
  truncate: style('sky', LONG, 'cross'),
  'remove-managed': style('green', DASH_DOT, 'diamond'),
  'punch-managed': style('green', SHORT, 'triangle-right'),
  'dontneed-managed': style('green', DOTTED, 'triangle-down'),
  dontneed: style('vermilion', SHORT, 'triangle-down'),
  // Of the default comparison: in colours that no other policy of private memory has there.
  'dontneed:delay=1s': style('blue', DASH_DOT_DOT, 'circle'),
  'dontneed:keep=4096': style('sky', SPARSE, 'diamond'),
  'dontneed:eager=1': style('vermilion', DASH_DOT_DOT, 'triangle-left'),
  free: style('purple', DASHED, 'diamond'),
  volatile: style('orange', DASH_DOT_DOT, 'triangle-up'),
  jemalloc: style('green', SOLID, 'circle'),
  mimalloc: style('green', LONG, 'cross'),
  tcmalloc: style('green', SPARSE, 'square'),
  go: style('purple', SOLID, 'square'),
  'glibc-trim': style('purple', DOTTED, 'cross'),
  zgc: style('sky', DASH_DOT, 'circle'),
};

/** Policies of the other axes that can be compared: `none` is to them what `keep` is to ways to discard. */
const OTHERS: Readonly<Record<string, PolicyStyle>> = {
  none: style('black', SOLID, 'circle'),
  ksm: style('blue', SOLID, 'square'),
  'ksm-age-reset': style('green', DASHED, 'triangle-up'),
  'ksm-skip-lookup': style('sky', DASH_DOT, 'diamond'),
  hinted: style('vermilion', SHORT, 'triangle-down'),
  instant: style('orange', DOTTED, 'cross'),
  'range-lru': style('blue', SOLID, 'square'),
  'range-fifo': style('sky', DASHED, 'triangle-right'),
  'page-lru': style('green', DASH_DOT, 'diamond'),
  lazyfree: style('purple', DASHED, 'diamond'),
  'young-first': style('vermilion', SHORT, 'triangle-down'),
  'old-first': style('orange', DASH_DOT_DOT, 'triangle-up'),
};

const DASHES = [DASHED, SHORT, DASH_DOT, DASH_DOT_DOT, LONG, DOTTED, SPARSE, SOLID];
const MARKS: readonly Mark[] = [
  'square',
  'triangle-up',
  'diamond',
  'triangle-down',
  'triangle-right',
  'cross',
  'triangle-left',
  'circle',
];
const FREE_COLORS: readonly Color[] = ['blue', 'vermilion', 'green', 'orange', 'purple', 'sky', 'black'];

/** How many looks there are before one comes back: each of seven colours with each of eight dashes. */
const SPARE = FREE_COLORS.length * DASHES.length;

/** The `i`-th look of names that are not among those above. */
function spare(i: number): PolicyStyle {
  return style(FREE_COLORS[i % FREE_COLORS.length]!, DASHES[i % DASHES.length]!, MARKS[i % MARKS.length]!);
}

/** The reclaim policies, which take the looks in this order. */
const RECLAIM = [
  'linux',
  'lru',
  'opt',
  'arc',
  's3fifo',
  'sieve',
  'clock',
  'fifo',
  'mglru',
  'lirs',
  'twoq',
  'slru',
  'car',
  'clock-pro',
  'lfu',
  'wtinylfu',
  'lecar',
  'cacheus',
  'random',
  'unbounded',
  'mru',
  'lhd',
];

const FIXED: Readonly<Record<string, PolicyStyle>> = {
  ...DISCARD,
  ...OTHERS,
  ...Object.fromEntries(RECLAIM.map((name, i) => [name, spare(i)])),
};

const lookOf = ({ color, dash, mark }: PolicyStyle) => JSON.stringify([color, dash, mark]);

/**
 * The looks of all policies that an experiment compares. Those of the registries have their own, the same in every
 * experiment; another one (of a module, or with other parameters) takes the first that none of the experiment has, in the
 * order of the names. Pass all names of the experiment, so that each looks the same in all of its figures.
 *
 * @param names as runs.csv has them, with their parameters
 */
export function policyStyles(names: readonly string[]): ReadonlyMap<string, PolicyStyle> {
  const styles = new Map<string, PolicyStyle>();
  const taken = new Set<string>();
  const give = (name: string, look: PolicyStyle) => {
    styles.set(name, look);
    taken.add(lookOf(look));
  };
  for (const name of names) {
    const fixed = Object.hasOwn(FIXED, name) ? FIXED[name]! : undefined;
    if (fixed && !taken.has(lookOf(fixed))) give(name, fixed);
  }
  let next = 0;
  for (const name of names) {
    if (styles.has(name)) continue;
    while (taken.has(lookOf(spare(next))) && next < SPARE) next++;
    give(name, spare(next++));
  }
  return styles;
}

/** The look of a part of a stack. */
export interface AreaStyle {
  readonly color: string;
  readonly hatch: Hatch;
}

/** The causes of stalls: areas that differ in grey too, by lightness and hatch. */
export const STALL_STYLES = {
  minor: { color: '#56B4E9', hatch: 'none' },
  major: { color: '#000000', hatch: 'none' },
  read: { color: '#D0D0D0', hatch: 'none' },
  cow: { color: '#F0E442', hatch: 'rising' },
  reclaim: { color: '#0072B2', hatch: 'falling' },
  discard: { color: '#E69F00', hatch: 'upright' },
  pin: { color: '#009E73', hatch: 'level' },
  sigbus: { color: '#CC79A7', hatch: 'crossed' },
  regen: { color: '#D55E00', hatch: 'rising' },
} as const satisfies Readonly<Record<string, AreaStyle>>;

/** What a policy adds to stalls, in the picture of the whole comparison: from less than the base to much more. */
export const GLANCE_STYLES = {
  less: { color: '#0072B2', hatch: 'none' },
  same: { color: '#C8C8C8', hatch: 'none' },
  little: { color: '#F3CF80', hatch: 'upright' },
  some: { color: '#E69F00', hatch: 'rising' },
  much: { color: '#D55E00', hatch: 'crossed' },
} as const satisfies Readonly<Record<string, AreaStyle>>;

/** What could not be done, in the same picture. */
export const REFUSED_STYLE: AreaStyle = { color: '#FFFFFF', hatch: 'falling' };
