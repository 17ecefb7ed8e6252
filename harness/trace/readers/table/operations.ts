/** What an operation does to what it names. `other`: neither reads nor writes it, or is not known. */
export const DOES = { read: 0, write: 1, other: 2 } as const;
export type Does = (typeof DOES)[keyof typeof DOES];

/** What an operation does, by its text. */
export type OperationKinds = (text: string) => Does;

/** Reads, also with the letters that blktrace adds: a(head), s(ync), m(eta), f(ua). */
const READ_WORDS =
  /^(f?r[asmf]*|rd|p?read(v2?|64)?|reads|gets?|fetch|lookup|loads?|ld|get_?lease|getchunk.*)$/;
/** Of Memcached: what changes a value, or makes one. `delete` and `touch` do neither. */
const WRITE_WORDS =
  /^(f?w[asmf]*|wr|p?write(v2?|64)?|writes|sets?|puts?|add|replace|cas|append|prepend|incr|decr|update|insert|stores?|st|set_?lease|putchunk.*)$/;

/** What an operation does that is named by a word, as disks, caches and object stores (`REST.GET.OBJECT`) name it. */
export const wordKinds: OperationKinds = (text) => {
  const word = text.toLowerCase().replace(/^rest\.([a-z]+)\..*$/, '$1');
  if (READ_WORDS.test(word)) return DOES.read;
  return WRITE_WORDS.test(word) ? DOES.write : DOES.other;
};

/** What a column of yes and no says, by what a yes does. */
export function yesKinds(yes: Does): OperationKinds {
  const no = yes === DOES.write ? DOES.read : DOES.write;
  return (text) =>
    /^(1|t|true|y|yes)$/i.test(text) ? yes : /^(0|f|false|n|no)$/i.test(text) ? no : DOES.other;
}

/** 0 reads and 1 writes, as in most traces of disks that have numbers. */
export const bitKinds: OperationKinds = (text) =>
  text === '0' ? DOES.read : text === '1' ? DOES.write : DOES.other;

/** Operation codes of READ (6, 10, 12 and 16 bytes). Source: T10, SCSI block commands, SBC-4 */
const SCSI_READS: readonly number[] = [0x08, 0x28, 0xa8, 0x88];
/** Of WRITE, and of WRITE AND VERIFY (10, 12, 16). */
const SCSI_WRITES: readonly number[] = [0x0a, 0x2a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e];

/** What a command of SCSI does. */
export function scsiKind(code: number): Does {
  if (SCSI_READS.includes(code)) return DOES.read;
  return SCSI_WRITES.includes(code) ? DOES.write : DOES.other;
}

const hexCodes: OperationKinds = (text) =>
  /^(0x)?[0-9a-f]{1,2}$/i.test(text) ? scsiKind(Number.parseInt(text.replace(/^0x/i, ''), 16)) : DOES.other;
const decimalCodes: OperationKinds = (text) => (/^\d{1,3}$/.test(text) ? scsiKind(Number(text)) : DOES.other);

/** How the operations of a table are understood, and what is to be said of that. */
export interface OperationPlan {
  readonly kinds: OperationKinds;
  readonly remark?: string;
}

const SAY_OTHERWISE = 'reads=… and writes=… say otherwise';

/** Codes of SCSI: hexadecimal where a digit shows it or more are known so. */
function scsiPlan(texts: readonly string[]): OperationPlan | undefined {
  if (!texts.every((text) => /^(0x)?[0-9a-f]{1,3}$/i.test(text))) return undefined;
  const known = (kinds: OperationKinds) => texts.filter((text) => kinds(text) !== DOES.other).length;
  const [hex, decimal] = [known(hexCodes), known(decimalCodes)];
  if (hex === 0 && decimal === 0) return undefined;
  const hexadecimal = texts.some((text) => /[a-fx]/i.test(text)) || hex >= decimal;
  return hexadecimal
    ? { kinds: hexCodes, remark: 'operations taken as codes of SCSI, hexadecimal' }
    : { kinds: decimalCodes, remark: 'operations taken as codes of SCSI, decimal' };
}

/**
 * How operations are understood of which some are known.
 *
 * @param texts the different ones in the first lines
 * @returns undefined where none of them is known
 */
export function planOperations(texts: readonly string[]): OperationPlan | undefined {
  if (texts.every((text) => text === '0' || text === '1'))
    return { kinds: bitKinds, remark: `operations 0 and 1 taken as read and write (${SAY_OTHERWISE})` };
  if (texts.some((text) => wordKinds(text) !== DOES.other)) return { kinds: wordKinds };
  return scsiPlan(texts);
}

/** Operations that a user has named. */
export function givenKinds(reads: readonly string[], writes: readonly string[]): OperationKinds {
  return (text) => (reads.includes(text) ? DOES.read : writes.includes(text) ? DOES.write : DOES.other);
}

/** An operation that has been seen. */
interface Seen {
  readonly bytes: Uint8Array;
  readonly does: Does;
  /** Why lines with it are left out. */
  readonly reason: string;
}

/** Different operations that are compared byte by byte; a file with more has something else in this column. */
const MAX_SEEN = 64;
/** Characters of an operation that a reason shows. */
const SHOWN = 30;

/** Looks up operations as bytes of lines: a text is made of each different one once. */
export class Operations {
  private readonly seen: Seen[] = [];
  private last: Seen | undefined;

  constructor(private readonly kinds: OperationKinds) {}

  /** Why lines with the operation looked up last are left out. */
  get reason(): string {
    return this.last?.reason ?? '';
  }

  /** What the operation between `start` and `end` (exclusive) does. */
  find(bytes: Uint8Array, start: number, end: number): Does {
    if (this.last && same(this.last.bytes, bytes, start, end)) return this.last.does;
    for (const seen of this.seen) {
      if (!same(seen.bytes, bytes, start, end)) continue;
      this.last = seen;
      return seen.does;
    }
    return this.add(bytes.slice(start, end));
  }

  private add(bytes: Uint8Array): Does {
    const text = Buffer.from(bytes).toString('utf8');
    this.last = {
      bytes,
      does: this.kinds(text),
      reason: `operations ${JSON.stringify(text.slice(0, SHOWN))}`,
    };
    if (this.seen.length < MAX_SEEN) this.seen.push(this.last);
    return this.last.does;
  }
}

function same(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (text[i] !== bytes[start + i]) return false;
  return true;
}
