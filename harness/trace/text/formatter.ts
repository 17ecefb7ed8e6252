import type { EventBlock, StringTable } from '../block.js';
import type { TraceMeta } from '../meta.js';
import { HAS, OPS } from '../op.js';
import { BYTE, TEXT_HEADER } from './fields.js';

const encoder = new TextEncoder();
const OP_BYTES: readonly Uint8Array[] = OPS.map((info) => encoder.encode(`,${info.name},`));
/** More than any event takes besides its text: five numbers of at most 16 digits, the op, and signs. */
const EVENT_ROOM = 128;

/** Quotes a text only where RFC 4180 needs it. */
function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes the canonical text form: LF line ends, minimal quoting, no leading zeros. */
export class TextFormatter {
  private readonly texts: Uint8Array[] = [];
  private bytes = new Uint8Array(1 << 20);
  private at = 0;

  constructor(private readonly strings: StringTable) {}

  /** The metadata and header lines. */
  header(meta: TraceMeta): Uint8Array {
    const lines = meta.entries().map(([key, value]) => `# ${key}: ${value}\n`);
    return encoder.encode(`${lines.join('')}${TEXT_HEADER}\n`);
  }

  /** The lines of a block's events. */
  block(block: EventBlock): Uint8Array {
    this.at = 0;
    for (let i = 0; i < block.length; i++) this.event(block, i);
    return this.bytes.slice(0, this.at);
  }

  private event(block: EventBlock, i: number): void {
    const bits = block.fields[i]!;
    const text = bits & HAS.text ? this.text(block.text[i]!) : undefined;
    this.reserve(EVENT_ROOM + (text?.length ?? 0));
    this.number(block.time[i]!);
    this.put(OP_BYTES[block.op[i]!]!);
    if (bits & HAS.space) this.number(block.space[i]!);
    if (bits & HAS.thread) {
      this.byte(BYTE.colon);
      this.number(block.thread[i]!);
    }
    this.byte(BYTE.comma);
    if (bits & HAS.page) this.number(block.page[i]!);
    this.byte(BYTE.comma);
    if (bits & HAS.count) this.number(block.count[i]!);
    this.byte(BYTE.comma);
    if (text) this.put(text);
    if (bits & HAS.content) this.contents(block.content[i]!, bits);
    this.byte(BYTE.lf);
  }

  private contents(content: number, bits: number): void {
    if (bits & HAS.text) this.byte(BYTE.space);
    this.byte(BYTE.equals);
    this.number(content);
    if (bits & HAS.contentUp) this.byte(BYTE.plus);
  }

  private text(index: number): Uint8Array {
    const known = this.texts[index];
    if (known) return known;
    const text = encoder.encode(quote(this.strings.text(index)));
    this.texts[index] = text;
    return text;
  }

  private reserve(room: number): void {
    if (this.at + room <= this.bytes.length) return;
    const grown = new Uint8Array(this.bytes.length * 2 + room);
    grown.set(this.bytes);
    this.bytes = grown;
  }

  private byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  private put(text: Uint8Array): void {
    for (let i = 0; i < text.length; i++) this.bytes[this.at++] = text[i]!;
  }

  /** A whole number within ±2^53 as decimal digits, written from the last one on. */
  private number(value: number): void {
    let rest = value;
    if (rest < 0) {
      this.byte(BYTE.minus);
      rest = -rest;
    }
    let digits = 1;
    for (let bound = 10; rest >= bound; bound *= 10) digits++;
    const end = this.at + digits;
    for (let at = end - 1; at >= this.at; at--) {
      const digit = rest % 10;
      this.bytes[at] = BYTE.zero + digit;
      rest = (rest - digit) / 10; // exact: a floor of the quotient would round up near 2^53
    }
    this.at = end;
  }
}
