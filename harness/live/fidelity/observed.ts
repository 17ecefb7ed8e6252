import type { Target, TargetInfo } from '../../contract/target.js';
import type { ReplayOptions } from '../../replay/options.js';
import { type ReplayResult, replay } from '../../replay/replay.js';
import { OP, OPS } from '../../trace/op.js';
import type { Trace } from '../../trace/trace.js';
import type { Snapshot } from './snapshot.js';

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
  /** Calls of the trace that returned an error: line, op and error. */
  readonly errors: readonly string[];
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
  const look = (machine: T, label: string, line: number) =>
    looks.push({ label, line, snapshot: snapshot(machine) });
  const machine: TargetInfo<T> = {
    ...options.machine,
    create: async (setup) => {
      const target = await options.machine.create(setup);
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
  return { result, looks, errors };
}
