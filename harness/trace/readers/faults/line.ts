import { type FieldAt, fieldAt, targetOf, tracepointFields } from './fields.js';

/**
 * What a line of a recording of page faults is: a `fault` with its address, a fault event that is `blind` to the address,
 * something `other` that such recordings have, or `unknown`.
 */
export type LineKind = 'fault' | 'blind' | 'other' | 'unknown';

/** Which events count a fault: where two of them are in one recording, each fault is there twice. */
export type FaultClass =
  | 'page-faults'
  | 'minor-faults and major-faults'
  | 'page_fault_user'
  | 'faults of perf trace';

/** A counter of the kernel's, as perf script names it, after which its fields come without names. */
const SOFTWARE = /(?:^|\s)(page-|minor-|major-)?faults(?::[a-zA-Z]*)?:(?=\s|$)/g;
/** The blank and `minor-`. */
const LONGEST = 7;
/** A tracepoint of page faults; perf trace puts its fields in parentheses. */
const TRACEPOINT = /\bpage_fault_(user|kernel)(?:: |:$|\()/;
/** A fault as `perf trace -F` prints it: time in ms, code, and what was accessed. */
const TRACED = /^\s*(\d+)\.(\d{3}) \(.*?\): .*?\b(?:min|maj)fault \[.*?\] => (.*) \(..?\)$/;
const TRACED_OTHER = /^\s*\d+\.\d{3} (?:\( *(?:[\d.]+ ms)? *\): |[^:]*\/\d+ )/;

const SECONDS = /(\d+)\.(\d{6,9}):\s/;
/** Of ftrace's latency format: whole microseconds, and a mark for long delays. */
const LATENCY = /\s(\d+)us\s?[!+#*@$]?\s?: /;
/** Of function_graph with funcgraph-abstime. */
const GRAPH_SECONDS = /^\s*(\d+)\.(\d{6}) \|/;
/** Of perf trace, and of ftrace's options verbose and latency-format together. */
const MS_SECONDS = /^\s*(\d+)\.(\d{3}) |\s(\d+)\.(\d{3})ms \(/;
/** Nothing but a time or a thread, and an address, or an address that is aligned. */
const NUMBERS = /^(|.*\b\d+\.\d{6,9}:|\s*\d+(?=\s))(\s+[0-9a-f]{1,16}|ffff[0-9a-f]{12})$/;

const BLANK = 0x20;
const POINT = 0x2e;
const COLON = 0x3a;
/** Digits of a fraction of a second that are whole microseconds. */
const MICROS = 6;

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/** The place before the digits that end at a place. */
function digitsBefore(text: string, at: number): number {
  while (isDigit(text, at)) at--;
  return at;
}

function blanksBefore(text: string, at: number): number {
  while (text.charCodeAt(at) === BLANK) at--;
  return at;
}

/** Hexadecimal digits of 32 bits. */
const WORD_DIGITS = 8;

/** What recordings have besides events, by what a line of it looks like. */
const OTHERS: readonly (readonly [form: RegExp, reason: string])[] = [
  [/^\t/, 'lines of call graphs'],
  [/^ +=> /, 'lines of call graphs'],
  [/<(user )?stack trace>\s*$/, 'lines of call graphs'],
  [/^\s+[0-9a-f]{4,16} (\S+|\[unknown\]) \(.*\)$/, 'lines of call graphs'],
  [/^\s+\S*(:\d+|\[[0-9a-f]+\])$/, 'source lines'],
  [
    /^(cpus=\d+|version = .*|CPU \d+ is empty|(registering|removing) plugin.*|overriding event.*)$/,
    'headers of trace-cmd',
  ],
  [/^\s*(\d+\.\d+ \|\s+)?\d+\)\s.*(\||=>)/, 'functions of function_graph'],
  [/^-{10,}$/, 'functions of function_graph'],
  [/^\s*\S.*\s\d+\.\d{6,9}: +\S+ <-\S+$/, 'functions of the function tracer'],
];
/** The options raw, hex and bin of ftrace leave nothing but the number of an event. */
const RAW = /^[0-9a-f]+ [0-9a-f]+ [0-9a-f]+ type: \d+$/;
/** The name of an event, or the first word of one without a name, behind the time; perf and trace-cmd may put a number first. */
const AFTER_TIME =
  /(?:\d\.\d{6,9}|us\s?[!+#*@$]?\s?|ms \(.*?\)):\s+(?:\(\+\d+\)\s+)?(?:\d+\s+)?([A-Za-z_][\w.:/-]*)/;
const RECORD = /\bPERF_RECORD_([A-Z0-9_]+)/;
/** What tools print for events that their buffers had no room for. */
const LOST =
  /\bLOST (\d+) (?:EVENTS|events)|\[(\d+) EVENTS DROPPED\]|PERF_RECORD_LOST.*?lost (\d+)|\bLost (\d+) events/;
/** A recording says of itself that it holds fewer events than were written. Source: Documentation/trace/ftrace.rst */
const OVERWRITTEN = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)/;

/** Events that were lost, as a line of a recording says; 0 where it says nothing of it. */
export function lostEvents(text: string): number {
  const written = OVERWRITTEN.exec(text);
  if (written) return Math.max(0, Number(written[2]) - Number(written[1]));
  const lost = LOST.exec(text);
  return lost ? Number(lost.slice(1).find((count) => count !== undefined)) : 0;
}

/** Reads lines of `perf script`, `perf trace`, ftrace and trace-cmd one by one; its fields are those of the last line. */
export class FaultLine {
  /** Address of a fault, in words of 32 bits. */
  low = 0;
  high = 0;
  /** Whether it was a write; undefined where the event does not say. */
  write: boolean | undefined;
  /** µs by the clock of the recording; undefined where the line has no time. */
  timeUs: number | undefined;
  /** Faults that a sample stands for. */
  period = 1;
  faultClass: FaultClass = 'page-faults';
  /** What is other about a line, in the plural, or why the address of a fault is not known. */
  what = '';
  /** The pages of a file: `low` and `high` count from its start. Undefined where they are an address. */
  file: string | undefined;
  /** Whether the address was taken from its place alone. */
  guessed = false;
  /** Whether the line names its event. */
  named = false;
  /** What stands before the event: the task, the CPU, the time. */
  prefixEnd = 0;

  read(text: string): LineKind {
    this.file = undefined;
    this.guessed = false;
    this.period = 1;
    this.named = true;
    this.timeUs = undefined;
    // The two that recordings are made of come first: a search is much quicker than a pattern.
    if (text.includes('page_fault_')) {
      const tracepoint = TRACEPOINT.exec(text);
      if (tracepoint) return this.tracepoint(text, tracepoint.index, tracepoint[1]!);
    }
    const faults = text.indexOf('faults');
    if (faults >= 0) {
      // No name of a counter is longer.
      SOFTWARE.lastIndex = Math.max(0, faults - LONGEST);
      const software = SOFTWARE.exec(text);
      if (software) return this.software(text, software);
    }
    return this.rest(text);
  }

  private rest(text: string): LineKind {
    const traced = TRACED.exec(text);
    if (traced) return this.traced(text, traced);
    const record = RECORD.exec(text);
    if (record) return this.other(`PERF_RECORD_${record[1]} records`);
    if (lostEvents(text) > 0) return this.other('reports of lost events');
    for (const [form, reason] of OTHERS) if (form.test(text)) return this.other(reason);
    if (RAW.test(text)) return this.blind('ftrace prints no fields with its options raw, hex and bin');
    if (NUMBERS.test(text)) return this.unnamed(text);
    const event = AFTER_TIME.exec(text);
    if (event && this.time(text)) return this.other(`${event[1]!.replace(/:[a-zA-Z]*$/, '')} events`);
    return TRACED_OTHER.test(text) ? this.other('system calls and other events of perf trace') : 'unknown';
  }

  /** A tracepoint names its fields. */
  private tracepoint(text: string, at: number, mode: string): LineKind {
    this.faultClass = 'page_fault_user';
    this.prefixEnd = at;
    if (!this.timeBefore(text, at)) this.time(text);
    const fields = tracepointFields(text.slice(at));
    if (!fields) return this.blind(`page_fault_${mode} has no field address here`);
    this.address(fields.address);
    this.write = fields.write;
    return 'fault';
  }

  private traced(text: string, [, ms, fraction, target]: RegExpExecArray): LineKind {
    this.faultClass = 'faults of perf trace';
    this.prefixEnd = text.length;
    this.write = undefined;
    this.timeUs = Number(ms) * 1000 + Number(fraction);
    const found = targetOf(target!);
    if (!found) return this.other('faults of perf trace without an address');
    this.address(found.address);
    this.file = found.file;
    return 'fault';
  }

  /** An event of the kernel's own counters: perf prints fields without their names. */
  private software(text: string, { 0: name, 1: kind, index }: RegExpExecArray): LineKind {
    this.faultClass =
      kind === undefined || kind === 'page-' ? 'page-faults' : 'minor-faults and major-faults';
    this.prefixEnd = index + 1;
    if (!this.timeBefore(text, index)) this.time(text);
    return this.placed(fieldAt(text.slice(index + name.length), 1));
  }

  /** `perf script -F time,addr` and the like: nothing but numbers. */
  private unnamed(text: string): LineKind {
    const timed = this.time(text);
    const found = NUMBERS.exec(text)!;
    this.named = false;
    this.prefixEnd = found[1]!.length;
    const gap = this.prefixEnd === 0 ? 0 : 1;
    const field = fieldAt(found[2]!, gap);
    // Digits alone may be of any format: only perf's alignment shows that they are its own.
    if (!timed && field.kind === 'guess') return 'unknown';
    this.faultClass = 'page-faults';
    return this.placed(field);
  }

  private placed(field: FieldAt): LineKind {
    this.write = undefined;
    if (field.kind === 'none') return this.blind(field.why);
    this.guessed = field.kind === 'guess';
    this.address(field.hex);
    return 'fault';
  }

  private address(hex: string): void {
    const split = Math.max(0, hex.length - WORD_DIGITS);
    this.low = Number.parseInt(hex.slice(split), 16);
    this.high = split === 0 ? 0 : Number.parseInt(hex.slice(0, split), 16);
  }

  /**
   * Reads `SECONDS.FRACTION:`, and the period that may follow it, before an event: without a pattern, as every fault has
   * one. Returns false where it is not there.
   */
  private timeBefore(text: string, end: number): boolean {
    let at = end - 1;
    // The group of a tracepoint, as in exceptions:page_fault_user.
    if (text.charCodeAt(at) === COLON && !isDigit(text, at - 1)) while (text.charCodeAt(at) > BLANK) at--;
    at = blanksBefore(text, at);
    const period = digitsBefore(text, at);
    if (period < at) {
      this.period = Number(text.slice(period + 1, at + 1));
      at = blanksBefore(text, period);
    }
    if (text.charCodeAt(at) !== COLON) return false;
    const dot = digitsBefore(text, at - 1);
    const fraction = at - 1 - dot;
    if (fraction < MICROS || text.charCodeAt(dot) !== POINT) return false;
    const start = digitsBefore(text, dot - 1);
    if (start === dot - 1) return false;
    this.timeUs = Number(text.slice(start + 1, dot)) * 1e6 + Number(text.slice(dot + 1, dot + 1 + MICROS));
    return true;
  }

  /** Reads the time of a line. @returns whether there is one */
  private time(text: string): boolean {
    const seconds = SECONDS.exec(text) ?? GRAPH_SECONDS.exec(text);
    const latency = seconds ? null : LATENCY.exec(text);
    const ms = seconds || latency ? null : MS_SECONDS.exec(text);
    if (seconds) this.timeUs = Number(seconds[1]) * 1e6 + Number(seconds[2]!.slice(0, 6));
    else if (latency) this.timeUs = Number(latency[1]);
    else this.timeUs = ms ? Number(ms[1] ?? ms[3]) * 1000 + Number(ms[2] ?? ms[4]) : undefined;
    return this.timeUs !== undefined;
  }

  private other(what: string): LineKind {
    this.what = what;
    return 'other';
  }

  private blind(why: string): LineKind {
    this.what = why;
    return 'blind';
  }
}
