import type { SwapText } from '../contract/swap.js';
import { loadCosts } from '../cost/table.js';
import { simulated } from '../machine/target.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { type ReplayResult, replay } from '../replay/replay.js';
import type { EventBlock } from '../trace/block.js';
import { TextFormatter } from '../trace/text/formatter.js';
import { TextScanner } from '../trace/text/scanner.js';
import type { BenchCase, Suite } from './case.js';
import type { BenchInputs } from './inputs.js';

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

function scanCase(inputs: BenchInputs): BenchCase {
  return {
    name: 'text/scan',
    events: inputs.events,
    async prepare() {
      await inputs.trace();
    },
    async run() {
      const { trace, text } = await inputs.trace();
      if (scanText(text) !== trace.totals.events) throw new Error('the scanner lost events');
      return undefined;
    },
  };
}

function formatCase(inputs: BenchInputs): BenchCase {
  return {
    name: 'text/format',
    events: inputs.events,
    async prepare() {
      await inputs.trace();
    },
    async run() {
      const { trace } = await inputs.trace();
      const formatter = new TextFormatter(trace.strings);
      for (const block of trace.blocks() as Iterable<EventBlock>) formatter.block(block);
      return undefined;
    },
  };
}

/** Scanning and formatting the text form of the machine's trace. */
export function textSuite(inputs: BenchInputs): Suite {
  return {
    name: 'text',
    about: `the text form of a trace of ${inputs.events} events, in memory`,
    cases: [scanCase(inputs), formatCase(inputs)],
  };
}

/** The bytes a machine's state may take. Source: design, section 9. */
function byteBudget(frames: number, entries: number, slots: number): number {
  return 48 * frames + 4 * entries + 8 * slots;
}

function memoryRemark(result: ReplayResult): string {
  const { metrics, hostBytes } = result;
  const frames = metrics.resident_pages_peak;
  const bytes = Object.values(hostBytes).reduce((sum, part) => sum + part, 0);
  const budget = byteBudget(frames, metrics.rss_pages_end, metrics.swap_pages_end);
  const faults = ((100 * Number(metrics.pgfault)) / result.touches).toFixed(1);
  const share = ((100 * bytes) / budget).toFixed(0);
  return `faults ${faults} %, host memory ${(bytes / frames).toFixed(1)} bytes a frame, ${share} % of 48 a frame + 4 a mapped page + 8 a swap slot`;
}

/** The full machine: every event of a trace through faults, page tables, reclaim and the ledger. */
function machineCase(
  inputs: BenchInputs,
  name: string,
  reclaim: string,
  limit: number | 'none',
  swap: SwapText,
): BenchCase {
  let last: ReplayResult | undefined;
  return {
    name,
    events: inputs.events,
    async prepare() {
      await inputs.trace();
    },
    async run() {
      const { trace } = await inputs.trace();
      last = await replay(trace, {
        machine: simulated,
        discard: discardPolicies.choose('keep'),
        reclaim: reclaimPolicies.choose(reclaim),
        swap,
        limit,
        seed: 1,
        costs: loadCosts(),
      });
      return undefined;
    },
    remark: () => (last ? memoryRemark(last) : ''),
  };
}

/** Pages of the machine's mapping: 1 GiB. */
export const MACHINE_PAGES = 262_144;

/** The full machine on a zipf trace. */
export function machineSuite(inputs: BenchInputs): Suite {
  const half = MACHINE_PAGES / 2;
  return {
    name: 'machine',
    about: `the full machine: zipf 0.99 over ${MACHINE_PAGES} pages, 30 % writes, ${inputs.events} events; without a limit, and limited to half`,
    cases: [
      machineCase(inputs, 'machine/zipf/no-limit', 'linux', 'none', 'none'),
      machineCase(inputs, 'machine/zipf/half/linux', 'linux', half, 'ssd'),
      machineCase(inputs, 'machine/zipf/half/lru', 'lru', half, 'ssd'),
      machineCase(inputs, 'machine/zipf/half/fifo', 'fifo', half, 'ssd'),
    ],
  };
}
