import { HAS, OPS } from './op.js';
import type { Trace } from './trace.js';

/** Counts what a trace's events do. */
class Census {
  readonly ops = new Map<string, number>();
  readonly spaces = new Set<number>();
  readonly marks: { readonly timeUs: number; readonly label: string }[] = [];
  touches = 0;

  add(trace: Trace, block: import('./block.js').EventBlock, row: number): void {
    const { name } = OPS[block.op[row]!]!;
    this.ops.set(name, (this.ops.get(name) ?? 0) + 1);
    if (block.fields[row]! & HAS.space) this.spaces.add(block.space[row]!);
    if (name === 'read' || name === 'write') this.touches += Math.abs(block.count[row]!);
    if (name === 'mark')
      this.marks.push({
        timeUs: block.time[row]!,
        label: trace.strings.text(block.text[row]!),
      });
  }
}

function seconds(us: number): string {
  return `${(us / 1e6).toFixed(3)} s`;
}

/** A readable description of a trace. */
export async function traceInfo(trace: Trace): Promise<string> {
  const census = new Census();
  for await (const block of trace.blocks()) {
    for (let row = 0; row < block.length; row++) census.add(trace, block, row);
  }
  const { totals } = trace;
  const ops = OPS.filter(({ name }) => census.ops.has(name)).map(
    ({ name }) => `  ${name.padEnd(10)} ${census.ops.get(name)}`,
  );
  const marks = census.marks.map(({ timeUs, label }) => `  ${seconds(timeUs).padStart(12)}  ${label}`);
  return [
    trace.name,
    ...trace.meta.entries().map(([key, value]) => `  ${key}: ${value}`),
    `  sha256 of the text form: ${totals.sha256}`,
    `time: ${seconds(totals.firstTimeUs)} to ${seconds(totals.lastTimeUs)}`,
    `spaces: ${census.spaces.size}, touches: ${census.touches}`,
    `events: ${totals.events}`,
    ...ops,
    ...(marks.length > 0 ? ['marks:', ...marks] : []),
  ].join('\n');
}
