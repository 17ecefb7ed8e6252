import { InputError } from '../base/errors.js';
import { PAGE_BYTES } from '../base/page.js';
import { printable } from '../base/printable.js';
import { type Origin, PROVENANCES, type Provenance } from '../base/provenance.js';
import { TOUCHES, type Touches } from '../base/touches.js';

const KEY = /^[A-Za-z0-9_.-]+$/;
const PROVENANCE_KEY = /^provenance(\.[a-z-]+)?$/;
/** What keys of the provenance of a stream begin with. */
const STREAM = 'provenance.';

/** The most that a sample leaves out: one in a million pages is in it. */
const SAMPLE = /^1\/[1-9]\d{0,6}$/;

/**
 * The `# key: value` lines of a trace. Known keys: `page_size` (bytes), `clock`, `source`, `provenance` and
 * `provenance.<stream>` (for example `provenance.touches: inferred`), `touches` (recorded, inferred or first-access), `sample` (1/N), `seed`,
 * `command`, `note`; others are kept.
 */
export class TraceMeta {
  private readonly pairs = new Map<string, string>();

  constructor(pairs: Iterable<readonly [string, string]> = []) {
    for (const [key, value] of pairs) this.set(key, value);
  }

  /**
   * Adds a pair.
   *
   * @throws InputError for a key given twice, a line break, or a known key whose value is wrong
   */
  set(key: string, value: string): void {
    if (!KEY.test(key))
      throw new InputError(`"${key}" is not a metadata key, expected letters, digits, ".", "_" or "-"`);
    if (this.pairs.has(key)) throw new InputError(`metadata key "${key}" is given twice`);
    if (value !== printable(value) || value !== value.trim()) {
      throw new InputError(
        `the value of "${key}" has a line break, a control character or outer space, expected one trimmed line`,
      );
    }
    if (key === 'page_size' && !isPageSize(value)) {
      throw new InputError(`page_size "${value}" is not a power of two of at least 512, expected bytes`);
    }
    if (PROVENANCE_KEY.test(key) && !(PROVENANCES as readonly string[]).includes(value)) {
      throw new InputError(`${key} "${value}" is not known, expected ${PROVENANCES.join(', ')}`);
    }
    if (key === 'touches' && !(TOUCHES as readonly string[]).includes(value)) {
      throw new InputError(`touches "${value}" is not known, expected ${TOUCHES.join(', ')}`);
    }
    if (key === 'sample' && !SAMPLE.test(value))
      throw new InputError(`sample "${value}" is not a share of the pages, expected 1/N`);
    this.pairs.set(key, value);
  }

  /** The value of a key; undefined where it is not given. */
  get(key: string): string | undefined {
    return this.pairs.get(key);
  }

  /** All pairs in the order they were given. */
  entries(): [string, string][] {
    return [...this.pairs];
  }

  get pageBytes(): number {
    return Number(this.pairs.get('page_size') ?? PAGE_BYTES);
  }

  /** Where the trace comes from, as `provenance` and `provenance.<stream>` say. */
  get origin(): Origin {
    const parts = this.entries().flatMap(([key, value]): [string, Provenance][] =>
      key.startsWith(STREAM) ? [[key.slice(STREAM.length), value as Provenance]] : [],
    );
    return {
      whole: this.pairs.get('provenance') as Provenance | undefined,
      parts: Object.fromEntries(parts),
    };
  }

  /** One in this number of pages is in the trace, by a hash of what they are; 1: all. */
  get sample(): number {
    return Number(this.pairs.get('sample')?.slice(2) ?? 1);
  }

  /** What is known of reads and writes: as `touches` says; without it, inferred where their provenance is. */
  get touches(): Touches {
    const given = this.pairs.get('touches');
    if (given !== undefined) return given as Touches;
    const provenance = this.pairs.get('provenance.touches') ?? this.pairs.get('provenance');
    return provenance === 'inferred' ? 'inferred' : 'recorded';
  }
}

function isPageSize(text: string): boolean {
  const bytes = /^\d{3,10}$/.test(text) ? Number(text) : 0;
  return bytes >= 512 && (bytes & (bytes - 1)) === 0;
}
