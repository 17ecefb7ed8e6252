import { basename } from 'node:path';
import type { Manifest } from '../record/manifest.js';
import { USUAL_COLUMNS, wrapped } from '../report/terminal-text.js';
import type { LineAccount } from '../trace/readers/account.js';
import { kernelVersion } from '../trace/readers/recording/metadata.js';

/** What each engine records with, as sentences name it. */
const BY: Readonly<Record<string, string>> = {
  tracefs: 'the kernel (tracefs)',
  strace: 'strace',
  valgrind: 'valgrind',
};

/** How the program ended, or that it goes on. @param goOn processes that go on without being recorded */
export function endText({ program }: Manifest, goOn: readonly number[]): string {
  const { pid, command, file, ended } = program;
  const name = `${basename(command?.[0] ?? file)} (process ${pid})`;
  const go = goOn.length === 1 ? 'process goes on and is' : 'processes go on and are';
  const others = goOn.length > 0 ? `; ${goOn.length} ${go} not recorded any more` : '';
  if (ended === undefined) return `${name}: recording has ended${others}`;
  if ('signal' in ended) return `${name}: ended by ${ended.signal}${others}`;
  return `${name}: ended with exit status ${ended.status}${others}`;
}

/** Reasons to leave lines out that are printed: those with most lines. */
const PRINTED_REASONS = 3;

/** What of a recording is not in its trace, and what was assumed, in lines of 80 columns. */
export function accountText({ leftOut, remarks }: LineAccount): string[] {
  const byLines = leftOut.toSorted(([, a], [, b]) => b - a);
  const others = byLines.slice(PRINTED_REASONS);
  const lines = byLines.slice(0, PRINTED_REASONS).map(([what, count]) => `${count} ${what}`);
  const sum = others.reduce((all, [, count]) => all + count, 0);
  if (sum > 0) lines.push(`${sum} for ${others.length} more reasons: --keep-raw and trace import list them`);
  const left = lines.map((line) => `left out: ${line}`);
  return [...left, ...remarks.map(([what, count]) => `${count} ${what}`)].flatMap(folded);
}

function folded(line: string): string[] {
  return wrapped(line, USUAL_COLUMNS, '  ').split('\n');
}

/** How long was recorded, and by what. */
export function recordedText({ engine, kernel, clocks }: Manifest): string {
  const ns = BigInt(clocks.end.monotonic_ns) - BigInt(clocks.start.monotonic_ns);
  const seconds = (Number(ns) / 1e9).toFixed(1);
  return `recorded: ${seconds} s by ${BY[engine]} on Linux ${kernelVersion(kernel)}`;
}

/** What accesses are known by, and what follows for results. */
const ACCESSES: Readonly<Record<Manifest['accesses'], readonly string[]>> = {
  none: [
    'not seen: all accesses, so that nothing is ever in memory and results are 0; first accesses need root or perf, and no --calls; --accesses records every page',
  ],
  faults: [
    'not seen: accesses to pages that were there already, whether an access read or wrote, and calls of read and write on files; faults under a limit are n/a; --accesses records all of it',
  ],
  'directed-faults': [
    'not seen: accesses to pages that were there already, and calls of read and write on files; faults under a limit are n/a; --accesses records all of it',
  ],
  pages: [],
};

/** What a recording cannot show, a line each. */
export function unseenText({ accesses, missing, lost_events: lost }: Manifest): string[] {
  const lines = [...ACCESSES[accesses]];
  if (missing.length > 0) lines.push(`not seen: calls that this kernel does not have: ${missing.join(', ')}`);
  if (lost > 0) lines.push(`not seen: ${lost} events that were lost`);
  return lines.flatMap(folded);
}
