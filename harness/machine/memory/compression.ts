import { PAGE_BYTES } from '../../base/page.js';
import { ZERO } from './contents.js';

/** What compresses worse is kept as it is. Source: huge_class_size in drivers/block/zram, about 3/4 of a page. */
const LARGEST = 3072;
const SMALLEST = 256;
/** Mean of what compresses, at the ratio of lzo-rle. */
const MEAN = (SMALLEST + LARGEST) / 2;
/** Of 256 contents, those that do not compress at that ratio. */
const INCOMPRESSIBLE = 13;
/** Bytes that a page takes there, on average. */
const MEAN_OF_ALL = MEAN + (INCOMPRESSIBLE / 256) * (PAGE_BYTES - MEAN);
const HASH = 2 ** 24;

/**
 * What zram needs for pages: nothing for zeros, a whole page for one content in twenty, otherwise 256 to 3072 bytes,
 * evenly, which is 2.29 to 1 on average. At other ratios, fewer or more are kept as they are, and the others are smaller by
 * the same part. A proxy: the id of a content decides, since the bytes are not known.
 */
export class Compression {
  /** Of 2^24 contents, those that do not compress. */
  private readonly incompressible: number;
  /** Size of the others, against what they take at the ratio of lzo-rle. */
  private readonly scale: number;

  /** @param ratio size of a page to what it takes, mean over contents; undefined: that of lzo-rle */
  constructor(ratio: number | undefined) {
    const usual = INCOMPRESSIBLE / 256;
    if (ratio === undefined) {
      this.incompressible = usual * HASH;
      this.scale = 1;
      return;
    }
    const mean = PAGE_BYTES / ratio;
    const kept = mean > MEAN_OF_ALL ? (mean - MEAN) / (PAGE_BYTES - MEAN) : (usual * mean) / MEAN_OF_ALL;
    this.incompressible = Math.round(kept * HASH);
    this.scale = kept < 1 ? (mean - kept * PAGE_BYTES) / (1 - kept) / MEAN : 1;
  }

  /** Bytes that a page of these contents takes. */
  bytes(content: number): number {
    if (content === ZERO) return 0;
    const hash = Math.imul(content ^ (content >>> 15), 0x2c1b_3c6d) >>> 0;
    const mixed = Math.imul(hash ^ (hash >>> 12), 0x297a_2d39) >>> 0;
    if (mixed >>> 8 < this.incompressible) return PAGE_BYTES;
    const span = LARGEST - SMALLEST;
    return Math.floor((SMALLEST + ((mixed & 0xffff) * span) / 0x1_0000) * this.scale);
  }
}
