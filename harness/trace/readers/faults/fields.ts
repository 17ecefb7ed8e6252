/**
 * Fields of page faults. Tracepoints name theirs; perf script prints those of software events without names, in a fixed
 * order: address (16 wide), source of data, instruction pointer (a blank more, 16 wide), each but the second with its symbol.
 * Source: tools/perf/builtin-script.c, process_event; tools/perf/util/evsel_fprintf.c, sample__fprintf_sym
 */

/** The bit of the error code that a write sets. Source: arch/x86/include/asm/trap_pf.h */
const WRITE_FAULT = 2;
/** Characters that perf prints an address in. */
const ADDRESS_WIDTH = 16;

/** As the kernel prints them. */
const PLAIN = /^page_fault_\w+: +address=0x([0-9a-f]{1,16}) ip=\S+ error_code=0x([0-9a-f]+)/;
const ADDRESS = /\baddress[=:] ?(0x)?([0-9a-f]+)\b/;
const CODE = /\berror_code[=:] ?(0x)?([0-9a-f]+)\b/;

/** A named number, in hexadecimal: perf trace prints decimals where there is no 0x, the kernel and trace-cmd never. */
function hexOf([, mark, digits]: RegExpExecArray, decimal: boolean): string {
  return mark === undefined && decimal ? BigInt(digits!).toString(16) : digits!;
}

/** The fields of page_fault_user or page_fault_kernel; undefined without an address of at most 64 bits. */
export function tracepointFields(
  text: string,
): { readonly address: string; readonly write: boolean | undefined } | undefined {
  const plain = PLAIN.exec(text);
  if (plain) return { address: plain[1]!, write: (Number.parseInt(plain[2]!, 16) & WRITE_FAULT) !== 0 };
  const address = ADDRESS.exec(text);
  const code = CODE.exec(text);
  const decimal = text.includes('(address');
  if (!address || (decimal && address[1] === undefined && !/^\d+$/.test(address[2]!))) return undefined;
  const hex = hexOf(address, decimal);
  if (hex.length > ADDRESS_WIDTH) return undefined;
  // perf trace leaves out fields that are 0.
  const bits = code ? Number.parseInt(code[2]!, decimal && !code[1] ? 10 : 16) : decimal ? 0 : undefined;
  return { address: hex, write: bits === undefined ? undefined : (bits & WRITE_FAULT) !== 0 };
}

/** An address where perf prints one; one that stands where the address may be, without its alignment; or none, and why. */
export type FieldAt =
  | { readonly kind: 'address' | 'guess'; readonly hex: string }
  | { readonly kind: 'none'; readonly why: string };

const FIRST = /^(\s*)([0-9a-f]{1,16})(?=\s|$)/;
/** A further number after the symbol of the first: with it, the first is the address. */
const SECOND = /\)\s+[0-9a-f]{1,16}(\s|$)|^\s+[0-9a-f]{1,16}(\s|$)/;

function none(why: string): FieldAt {
  return { kind: 'none', why };
}

/**
 * The address of a software event.
 *
 * @param text from the end of the event's name on
 * @param gap blanks that perf prints before an address there
 */
export function fieldAt(text: string, gap: number): FieldAt {
  const first = FIRST.exec(text);
  if (!first) return none('the fault has no field addr');
  const [upTo, , hex] = first as unknown as [string, string, string];
  if (text.startsWith(' |', upTo.length)) return none(`${hex} is the source of the data`);
  const width = upTo.length - gap;
  if (width === ADDRESS_WIDTH) return { kind: 'address', hex };
  if (width === ADDRESS_WIDTH + 1) return none(`${hex} is the instruction pointer`);
  const rest = text.slice(upTo.length);
  if (SECOND.test(rest)) return { kind: 'address', hex };
  if (rest.trim() !== '') return none(`${hex} may be the instruction pointer`);
  return { kind: 'guess', hex };
}

/** Names of mappings without a file: what perf trace prints of them is an address. Source: tools/perf/util/map.c, map__new */
const NO_FILE = /^(\/\/anon|\/dev\/zero|\/anon_hugepage|\/SYSV|\[heap\]|\[stack)/;

/**
 * What `perf trace -F` says was accessed: `0x…` or `NAME@0x…`, an address where the mapping has no file, else the place in
 * the file.
 */
export function targetOf(
  text: string,
): { readonly address: string; readonly file: string | undefined } | undefined {
  const found = /^(?:(.*)@)?0x([0-9a-f]{1,16})$/.exec(text);
  if (!found) return undefined;
  const [, name, address] = found;
  return { address: address!, file: name === undefined || NO_FILE.test(name) ? undefined : name };
}
