import type { RequestBatch } from '../requests/batch.js';
import { LineAccount } from './account.js';
import { FIT, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

/** Nanoseconds of a unit. */
const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
};
/** Start, end, length, number of accesses and, in newer versions, age. */
const REGION = /^\s*([0-9a-f]+)-([0-9a-f]+)\s*\([^)]*\):?\s+(\d+)(\s+-?\d+)?\s*$/;
/** What there is of a snapshot besides its regions. */
const HEADER = /^\s*(base_time_absolute|monitoring_(start|end|duration)|target_id|nr_regions):\s*(\S.*)$/;
const START = 'monitoring_start';
const REMARK =
  'regions of which DAMON found one page accessed, each taken for a read of all its pages in its snapshot';

/** As damo prints times: `8 m 59.809 s`, `104.599 ms`, `0 ns`. NaN where it is not one. */
function timeUs(text: string): number {
  const parts = [...text.trim().matchAll(/\s*([\d.,]+)\s*([a-z]*)\s*/gy)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trim()) return Number.NaN;
  let ns = 0;
  for (const [, number = '', unit = ''] of parts)
    ns += Number(number.replaceAll(',', '')) * (UNIT_NS[unit || 'ns'] ?? Number.NaN);
  return Math.round(ns / 1e3);
}

/** Reads the snapshots of `damo report raw`: lines are long and few, so a pattern reads them. */
class DamonScanner {
  private startUs = 0;
  private readonly targets = new Map<string, number>();
  private target = 0;

  constructor(private readonly account: LineAccount) {}

  readonly scan: LineScanner = (cursor, batch) => {
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    const line = cursor.text();
    const region = REGION.exec(line);
    if (region) this.region(cursor, batch, region);
    else this.header(cursor, line);
    cursor.skipLine();
  };

  private header(cursor: Cursor, line: string): void {
    const [, name = '', , value = ''] = HEADER.exec(line) ?? [];
    if (name === '') cursor.wrong('a region as START-END (SIZE): ACCESSES, or a line of its snapshot');
    if (name === START) {
      this.startUs = timeUs(value);
      if (Number.isNaN(this.startUs)) cursor.fail(`"${value}" is no time, expected it as in 104.599 ms`);
    }
    if (name === 'target_id') {
      this.target = this.targets.get(value) ?? this.targets.size;
      this.targets.set(value, this.target);
    }
    this.account.join();
  }

  private region(
    cursor: Cursor,
    batch: RequestBatch,
    [, from = '', to = '', accesses]: RegExpExecArray,
  ): void {
    const start = BigInt(`0x${from}`);
    const bytes = Number(BigInt(`0x${to}`) - start);
    if (from.length > 16 || to.length > 16 || bytes <= 0)
      cursor.fail(`the region ${from}-${to} has no pages, expected its end after its start`);
    if (Number(accesses) === 0) {
      this.account.leave('regions without accesses');
      return;
    }
    this.account.remark(REMARK);
    batch.volume[batch.length] = this.target;
    batch.add(Number(start & 0xffff_ffffn), Number(start >> 32n), bytes, 0, this.startUs);
  }
}

export const damon: RequestReader = {
  yields: 'requests',
  name: 'damon',
  summary:
    'DAMON, damo report raw (or access --raw_form): each region that was found accessed is a read of its pages, once a snapshot; inferred, as DAMON looks at one page of a region',
  extensions: ['.damon'],
  source: 'https://github.com/damonitor/damo, USAGE.md; https://docs.kernel.org/mm/damon/design.html',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: 1,
  timed: true,
  provenance: 'inferred',
  detect: (head) =>
    detectLines(
      head,
      /^\s*(base_time_absolute|monitoring_(start|end|duration)|target_id|nr_regions):|^\s*[0-9a-f]+-[0-9a-f]+\s*\(/,
      FIT.certain,
      new DamonScanner(new LineAccount()).scan,
    ),
  read: (input) => readLines(input, new DamonScanner(input.account).scan),
};
