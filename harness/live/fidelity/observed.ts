import type { Target, TargetInfo } from '../../contract/target.js';
import type { ReplayOptions } from '../../replay/options.js';
import { type ReplayResult, replay } from '../../replay/replay.js';
import { OP, OPS } from '../../trace/op.js';
import type { Trace } from '../../trace/trace.js';
import { type Snapshot, snapshotDifferences } from './snapshot.js';

/** A moment at which both kernels are looked at: a mark of the trace, or its end. */
export interface Look {
  /** Text of the mark. */
  readonly label: string;
  readonly line: number;
  readonly snapshot: Snapshot;
}

/** A replay with what was seen meanwhile. */
export interface ObservedRun {
  readonly result: ReplayResult;
  readonly looks: readonly Look[];
  /** What the kernel kept for the processes at the end, in pages, where that is known. */
  readonly kernelPages: number | undefined;
  /** What the pages of the trace were charged at the end, where that is known. */
  readonly chargedPages: number | undefined;
  /** Calls of the trace that returned an error: line, op and error. */
  readonly errors: readonly string[];
}

/** What a machine may know of what is charged. */
interface ChargedMemory {
  readonly kernelPages: number | undefined;
  readonly chargedPages: number | undefined;
}

/** The label of the last look. */
const END = 'end';

/** Replays a trace and looks at the machine at each mark and at the end. */
export async function observedReplay<T extends Target>(
  trace: Trace,
  options: ReplayOptions<T>,
  snapshot: (machine: T) => Snapshot,
): Promise<ObservedRun> {
  const looks: Look[] = [];
  const errors: string[] = [];
  let last: Partial<ChargedMemory> | undefined;
  const look = (machine: T, label: string, line: number) =>
    looks.push({ label, line, snapshot: snapshot(machine) });
  const machine: TargetInfo<T> = {
    ...options.machine,
    create: async (setup) => {
      const target = await options.machine.create(setup);
      last = target as Partial<ChargedMemory>;
      const finish = target.finish.bind(target);
      target.finish = () => {
        look(target, END, trace.totals.events);
        return finish();
      };
      return target;
    },
  };
  const result = await replay(trace, {
    ...options,
    machine,
    observe: (target, block, row) => {
      if (block.op[row] !== OP.mark) return;
      look(target, trace.strings.text(block.text[row]!), block.firstLine + row);
    },
    completed: (_machine, { errno }, block, row) => {
      if (errno !== 0) errors.push(`line ${block.firstLine + row}: ${OPS[block.op[row]!]!.name} ${errno}`);
    },
  });
  return { result, looks, kernelPages: last?.kernelPages, chargedPages: last?.chargedPages, errors };
}

function differencesOfLook(a: Look, b: Look | undefined): string[] {
  return b ? snapshotDifferences(a.snapshot, b.snapshot) : ['not reached live'];
}

/** How many looks at a live kernel are as those at the simulated one. */
export function equalLooks(sim: ObservedRun, live: ObservedRun): number {
  return sim.looks.filter((look, i) => differencesOfLook(look, live.looks[i]).length === 0).length;
}

/** Lines of what differs between two runs: the first look with a difference, and results of calls. */
export function differencesOfRuns(sim: ObservedRun, live: ObservedRun): string[] {
  const lines: string[] = [];
  for (const [i, look] of sim.looks.entries()) {
    const found = differencesOfLook(look, live.looks[i]);
    if (found.length === 0) continue;
    lines.push(`at ${look.label} (line ${look.line}): ${found.join('; ')}`);
    break;
  }
  const simulatedOnly = sim.errors.filter((error) => !live.errors.includes(error));
  const liveOnly = live.errors.filter((error) => !sim.errors.includes(error));
  return [
    ...lines,
    ...simulatedOnly.map((error) => `simulated only: ${error}`),
    ...liveOnly.map((error) => `live only: ${error}`),
  ];
}
