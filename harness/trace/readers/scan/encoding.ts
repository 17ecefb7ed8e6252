import { BYTE } from '../../text/fields.js';

/** Bytes of the head of a text that show how it is encoded. */
const LOOKED_AT = 256;
const UTF8_MARK = [0xef, 0xbb, 0xbf];

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

/** A text without the byte order mark that some programs write before UTF-8. */
export function withoutMark(text: Uint8Array): Uint8Array {
  return startsWith(text, UTF8_MARK) ? text.subarray(UTF8_MARK.length) : text;
}

/** Whether every second byte is zero and no other is, as in Latin letters of UTF-16. @param zeros 1 where the lower byte comes first */
function alternates(head: Uint8Array, zeros: 0 | 1): boolean {
  const length = Math.min(head.length, LOOKED_AT) & ~1;
  for (let at = 0; at < length; at++) if ((head[at] === 0) !== (at % 2 === zeros)) return false;
  return length >= 4;
}

/** Bytes that show UTF-16 for sure: no binary format has that many alternate zeros. */
const SURE = 16;

/** Whether a head is surely UTF-16, whatever binary formats it fits as well. */
export function isUtf16(head: Uint8Array): boolean {
  const marked = startsWith(head, [0xff, 0xfe]) || startsWith(head, [0xfe, 0xff]);
  const text = marked ? head.subarray(2) : head;
  return text.length >= SURE && (alternates(text, 1) || alternates(text, 0));
}

/**
 * What is to be said of a text that is not in UTF-8 (or another superset of ASCII), or whose lines do not end in LF;
 * undefined for all else, also for what is no text.
 *
 * @param head its first bytes, at least a line or all there are
 */
export function foreignText(head: Uint8Array): string | undefined {
  const littleEndian = startsWith(head, [0xff, 0xfe]) || alternates(head, 1);
  if (littleEndian || startsWith(head, [0xfe, 0xff]) || alternates(head, 0))
    return `this is UTF-16, expected UTF-8: iconv -f UTF-16${littleEndian ? 'LE' : 'BE'} -t UTF-8 FILE`;
  const cr = head.indexOf(BYTE.cr);
  if (cr >= 0 && cr < head.length - 1 && !head.includes(BYTE.lf) && !head.includes(0))
    return "lines end in CR only, expected LF or CR LF: tr '\\r' '\\n' < FILE";
  return undefined;
}
