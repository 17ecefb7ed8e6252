import type { EventBlock } from './block.js';
import { HAS, OPS } from './op.js';
import type { Trace } from './trace.js';

/** What a trace contains. */
export interface TraceInfo {
  readonly name: string;
  /** What its header says. */
  readonly header: Readonly<Record<string, string>>;
  /** Of its text form. */
  readonly sha256: string;
  /** Times of its first and last event, in microseconds. */
  readonly first_time_us: number;
  readonly last_time_us: number;
  /** Spaces that its events name. */
  readonly spaces: number;
  /** Pages read and written, each as often as it is. */
  readonly touches: number;
  readonly events: number;
  /** Events of each op that occurs, in the order of the format's documentation. */
  readonly ops: Readonly<Record<string, number>>;
  readonly marks: readonly { readonly time_us: number; readonly label: string }[];
}

/** Counts what a trace's events do. */
class Census {
  readonly ops = new Map<string, number>();
  readonly spaces = new Set<number>();
  readonly marks: TraceInfo['marks'][number][] = [];
  touches = 0;

  add(trace: Trace, block: EventBlock, row: number): void {
    const { name } = OPS[block.op[row]!]!;
    this.ops.set(name, (this.ops.get(name) ?? 0) + 1);
    if (block.fields[row]! & HAS.space) this.spaces.add(block.space[row]!);
    if (name === 'read' || name === 'write') this.touches += Math.abs(block.count[row]!);
    if (name === 'mark')
      this.marks.push({ time_us: block.time[row]!, label: trace.strings.text(block.text[row]!) });
  }
}

/** Counts what a trace contains, in one pass. */
export async function traceInfo(trace: Trace): Promise<TraceInfo> {
  const census = new Census();
  for await (const block of trace.blocks()) {
    for (let row = 0; row < block.length; row++) census.add(trace, block, row);
  }
  const { totals } = trace;
  const occurring = OPS.filter(({ name }) => census.ops.has(name));
  return {
    name: trace.name,
    header: Object.fromEntries(trace.meta.entries()),
    sha256: totals.sha256,
    first_time_us: totals.firstTimeUs,
    last_time_us: totals.lastTimeUs,
    spaces: census.spaces.size,
    touches: census.touches,
    events: totals.events,
    ops: Object.fromEntries(occurring.map(({ name }) => [name, census.ops.get(name)!])),
    marks: census.marks,
  };
}

function seconds(us: number): string {
  return `${(us / 1e6).toFixed(3)} s`;
}

/** What a trace contains, for people. */
export function traceInfoText(info: TraceInfo): string {
  const marks = info.marks.map(({ time_us, label }) => `  ${seconds(time_us).padStart(12)}  ${label}`);
  return [
    info.name,
    ...Object.entries(info.header).map(([key, value]) => `  ${key}: ${value}`),
    `  sha256 of the text form: ${info.sha256}`,
    `time: ${seconds(info.first_time_us)} to ${seconds(info.last_time_us)}`,
    `spaces: ${info.spaces}, touches: ${info.touches}`,
    `events: ${info.events}`,
    ...Object.entries(info.ops).map(([name, count]) => `  ${name.padEnd(10)} ${count}`),
    ...(marks.length > 0 ? ['marks:', ...marks] : []),
  ].join('\n');
}
