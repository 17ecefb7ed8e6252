import { InputError } from '../base/errors.js';
import { formatPolicy, type Parameter, type ParameterValues } from '../base/parameters.js';
import { type PolicyInfo, Registry } from '../policy/registry.js';

/** Kinds of swap. */
export const SWAP_KINDS = ['none', 'ssd', 'zram'] as const;
/** Where pages are swapped to: nowhere, to an SSD, or compressed into memory. */
export type SwapKind = (typeof SWAP_KINDS)[number];
/** A swap device as text: its kind, or `ssd:size=8GiB`, `zram:size=8GiB,algorithm=zstd`. */
export type SwapText = SwapKind | `${'ssd' | 'zram'}:${string}`;

const SIZE: Parameter = {
  kind: 'size',
  default: 0,
  meaning: 'pages that it holds, of zram before they are compressed (disksize); default: never full',
};

/** What zram reaches with lzo-rle, its default algorithm, in the model (`Compression` in harness/machine/memory). */
const LZO_RLE_RATIO = 2.29;

/**
 * How much better than lzo-rle other algorithms compress. Measured on Linux 6.18 on 86 403 pages of private memory that are
 * not all zeros, of the TypeScript compiler and of a Python program with a JSON document: 3.71, 3.81 and 3.35 to 1 for
 * lzo-rle, lzo and lz4 in zram, and 5.63 for zstd, page by page with level 3 of libzstd 1.5.4 (lz4 of its library agrees
 * with zram).
 */
const RELATIVE_RATIO = { 'lzo-rle': 1, lzo: 1.03, lz4: 0.9, zstd: 1.52 } as const;
type Algorithm = keyof typeof RELATIVE_RATIO;

const ssd: PolicyInfo = {
  name: 'ssd',
  summary: 'a swap partition on an SSD',
  source: 'Documentation/admin-guide/mm/swap_numa.rst',
  parameters: { size: SIZE },
};

const zram: PolicyInfo = {
  name: 'zram',
  summary: 'compressed in memory',
  source: 'Documentation/admin-guide/blockdev/zram.rst',
  parameters: {
    size: SIZE,
    algorithm: {
      kind: 'choice',
      default: 'lzo-rle',
      choices: Object.keys(RELATIVE_RATIO),
      meaning:
        'compression algorithm, by what it reaches against lzo-rle (measured); prices are those of lzo-rle',
    },
    ratio: {
      kind: 'number',
      default: 0,
      min: 1,
      max: 64,
      meaning: 'size of pages that are not all zeros to what they take; default: that of the algorithm',
    },
  },
  check: ({ algorithm, ratio }) => {
    if (ratio !== 0 && algorithm !== 'lzo-rle')
      throw new InputError(`algorithm=${algorithm} has no effect with ratio=${ratio}, expected one of them`);
  },
};

const none: PolicyInfo = {
  name: 'none',
  summary: 'no swap',
  source: 'Documentation/admin-guide/mm/concepts.rst',
  parameters: {},
};

/** Swap devices, by kind. */
const swapDevices = new Registry<PolicyInfo>('kind of swap', [none, ssd, zram]);

function ratioOf(algorithm: Algorithm): number | undefined {
  return algorithm === 'lzo-rle' ? undefined : LZO_RLE_RATIO * RELATIVE_RATIO[algorithm];
}

/** A swap device. */
export interface SwapSetup {
  readonly kind: SwapKind;
  /** Pages that it holds; infinity where it is never full. */
  readonly pages: number;
  /** Of zram: size of a page to what it takes, mean over pages that are not zeros; undefined: that of lzo-rle. */
  readonly ratio: number | undefined;
  /** Of zram, by the kernel's names. */
  readonly algorithm: string;
  /** Whether the ratio was given, and is not that of the algorithm. */
  readonly ratioGiven: boolean;
}

/** @throws InputError for a text that names no swap device */
export function swapSetup(text: string): SwapSetup {
  const { info, values } = swapDevices.choose(text);
  const { size = 0, algorithm = 'lzo-rle', ratio = 0 }: ParameterValues = values;
  return {
    kind: info.name as SwapKind,
    pages: size === 0 ? Number.POSITIVE_INFINITY : Number(size),
    ratio: Number(ratio) || ratioOf(algorithm as Algorithm),
    algorithm: String(algorithm),
    ratioGiven: ratio !== 0,
  };
}

/** The canonical text of a swap device. @throws InputError for a text that names none */
export function canonicalSwap(text: string): SwapText {
  return swapDevices.choose(text).text as SwapText;
}

/** The same swap device with another size, if it has one. */
export function resizedSwap(text: SwapText, resize: (pages: number) => number): SwapText {
  const { info, values } = swapDevices.choose(text);
  const { size } = values;
  if (size === undefined || size === 0) return text;
  return formatPolicy(info.name, info.parameters, { ...values, size: resize(Number(size)) }) as SwapText;
}
