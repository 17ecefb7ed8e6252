import { loadCosts } from '../cost/table.js';
import type { SwapKind } from '../machine/machine.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { type ReplayResult, replay } from '../replay/replay.js';
import type { EventBlock } from '../trace/block.js';
import { TextFormatter } from '../trace/text/formatter.js';
import { TextScanner } from '../trace/text/scanner.js';
import type { BenchTrace } from './memory-trace.js';

/** One thing that is timed. */
export interface BenchCase {
  readonly name: string;
  /** Events one run works through. */
  readonly events: number;
  run(): Promise<void>;
  /** What the last run says beside its time. */
  remark?(): string;
}

const CHUNK = 1 << 18;

function scanText(text: Uint8Array): number {
  const scanner = new TextScanner('bench');
  let events = 0;
  for (let at = 0; at < text.length; at += CHUNK) {
    for (const block of scanner.push(text.subarray(at, at + CHUNK))) events += block.length;
  }
  for (const block of scanner.end()) events += block.length;
  return events;
}

function scanCase({ trace, text }: BenchTrace): BenchCase {
  const { events } = trace.totals;
  return {
    name: 'text/scan',
    events,
    async run() {
      if (scanText(text) !== events) throw new Error('the scanner lost events');
    },
  };
}

function formatCase({ trace }: BenchTrace): BenchCase {
  return {
    name: 'text/format',
    events: trace.totals.events,
    async run() {
      const formatter = new TextFormatter(trace.strings);
      for (const block of trace.blocks() as Iterable<EventBlock>) formatter.block(block);
    },
  };
}

/** The bytes a machine's state may take. Source: design, section 9. */
function byteBudget(frames: number, entries: number, slots: number): number {
  return 48 * frames + 4 * entries + 8 * slots;
}

function memoryRemark(result: ReplayResult): string {
  const { metrics, hostBytes } = result;
  const number = (name: string) => metrics[name] as number;
  const frames = number('resident_pages_peak');
  const bytes = Object.values(hostBytes).reduce((sum, part) => sum + part, 0);
  const budget = byteBudget(frames, number('rss_pages_end'), number('swap_pages_end'));
  const faults = ((100 * number('pgfault')) / result.touches).toFixed(1);
  const share = ((100 * bytes) / budget).toFixed(0);
  return `faults ${faults} %, host memory ${(bytes / frames).toFixed(1)} bytes a frame, ${share} % of 48 a frame + 4 a mapped page + 8 a swap slot`;
}

/** The full machine: every event of a trace through faults, page tables, reclaim and the ledger. */
function machineCase(
  name: string,
  { trace }: BenchTrace,
  reclaim: string,
  limit: number | 'none',
  swap: SwapKind,
): BenchCase {
  let last: ReplayResult | undefined;
  return {
    name,
    events: trace.totals.events,
    async run() {
      last = await replay(trace, {
        discard: discardPolicies.choose('keep'),
        reclaim: reclaimPolicies.choose(reclaim),
        swap,
        limit,
        seed: 1,
        costs: loadCosts(),
      });
    },
    remark: () => (last ? memoryRemark(last) : ''),
  };
}

/** All cases on a zipf trace over `pages` pages. */
export function benchCases(zipf: BenchTrace, pages: number): BenchCase[] {
  const half = Math.floor(pages / 2);
  return [
    scanCase(zipf),
    formatCase(zipf),
    machineCase('machine/zipf/no-limit', zipf, 'linux', 'none', 'none'),
    machineCase('machine/zipf/half/linux', zipf, 'linux', half, 'ssd'),
    machineCase('machine/zipf/half/lru', zipf, 'lru', half, 'ssd'),
    machineCase('machine/zipf/half/fifo', zipf, 'fifo', half, 'ssd'),
  ];
}
