import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { importTrace } from '../trace/import.js';
import type { Manifest } from '../trace/readers/recording/manifest.js';
import { eventLines } from './traces.js';

/** When recordings of tests begin, in seconds of CLOCK_MONOTONIC, and the process that is recorded. */
const BEGIN = 50;
const PROGRAM = 7;

/** A manifest of the engine `tracefs`, of a program that was started as process 7. */
const MANIFEST_OF_TESTS: Manifest = {
  format: 1,
  engine: 'tracefs',
  reclaim: '0.1.0',
  kernel: '6.1.0',
  machine: 'x86_64',
  page_size: 4096,
  program: { pid: PROGRAM, command: ['./app', '--fast'], file: '/opt/app', cwd: '/', ended: { status: 0 } },
  clocks: {
    start: { monotonic_ns: '50000000000', realtime_ns: '1700000000000000000' },
    end: { monotonic_ns: '60000000000', realtime_ns: '1700000010000000000' },
  },
  accesses: 'directed-faults',
  lost_events: 0,
  missing: [],
  attached: [],
  files: ['trace.txt'],
  details: {},
};

/**
 * Lines of `trace_pipe`, 10 µs apart. Each is `THREAD EVENT`; `@US THREAD EVENT` is at that many µs. A call and its return
 * may be one line: `7 sys_munmap(addr: 0x1000, len: 0x1000) -> 0x0`.
 */
export function traceText(events: string): string {
  let us = 0;
  const leader = (thread: string, time: number) =>
    `${'app'.padStart(16)}-${thread.padEnd(7)} [000] ..... ${BEGIN}.${String(time).padStart(6, '0')}: `;
  const lines = events
    .trim()
    .split('\n')
    .flatMap((text) => {
      const [, at, thread, event] = /^\s*(?:@(\d+) )?(\d+) (.*)$/.exec(text)!;
      us = at === undefined ? us + 10 : Number(at);
      const before = leader(thread!, us);
      const call = /^(sys_\w+)(\(.*\)) (-> .*)$/.exec(event!);
      return call
        ? [`${before}${call[1]}${call[2]}`, `${before}${call[1]} ${call[3]}`]
        : [`${before}${event}`];
    });
  return `# tracer: nop\n${lines.join('\n')}\n`;
}

/** The program begins. */
export const BEGINS = '7 sched_process_exec: filename=/opt/app pid=7 old_pid=7';

/** Writes a raw folder into another one. @returns its path */
export function rawFolder(
  inside: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  manifest: Partial<Manifest> = {},
): string {
  mkdirSync(inside, { recursive: true });
  const path = mkdtempSync(join(inside, 'raw-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  writeFileSync(join(path, 'manifest.json'), JSON.stringify({ ...MANIFEST_OF_TESTS, ...manifest }));
  return path;
}

/** What a raw folder becomes: its events without times, and what is said of its lines. Checks that each is counted once. */
export async function importedRecording(path: string, lines: number, reader?: string) {
  const source = await importTrace(path, { reader });
  const timed = await eventLines(source);
  const { account } = source.inputs[0]!;
  expect(account.total, 'each line is counted once').toBe(lines);
  return {
    timed,
    events: timed.map((event) => event.replace(/^\d+,/, '')),
    left: Object.fromEntries(account.leftOut),
    remarks: Object.fromEntries(account.remarks),
    meta: Object.fromEntries(source.meta.entries()),
  };
}

/** As `importedRecording`, of events as `traceText` takes them; `BEGINS` comes first, unless the manifest says that it ran. */
export function importedTracefs(
  inside: string,
  events: string,
  {
    manifest = {},
    objects,
    reader,
  }: { manifest?: Partial<Manifest>; objects?: string; reader?: string } = {},
) {
  const text = traceText(
    manifest.program?.command === undefined && manifest.program ? events : `${BEGINS}\n${events}`,
  );
  const files = { 'trace.txt': text, ...(objects === undefined ? {} : { 'objects.txt': objects }) };
  const counted = text.split('\n').length - 1 + (objects === undefined ? 0 : objects.split('\n').length - 1);
  return importedRecording(rawFolder(inside, files, manifest), counted, reader);
}
