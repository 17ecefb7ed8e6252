import { Border, type ModuleOrigin, shownValue } from '../policy/border/border.js';
import { TimeLimit, within } from '../policy/border/time-limit.js';
import type { EventBlock } from '../trace/block.js';
import { TraceMeta } from '../trace/meta.js';
import type { TraceSource, Workload, WorkloadContext } from '../trace/source.js';
import type { ModuleWorkload } from './contract.js';
import { EventLines } from './event-lines.js';

/** Events that are taken of a workload at a time. */
const TAKEN = 4096;

function iteratorOf(lines: unknown, border: Border): Iterator<unknown> {
  const iterable = lines as Partial<Iterable<unknown>> | undefined | null;
  if (typeof lines !== 'string' && typeof iterable?.[Symbol.iterator] === 'function')
    return (iterable as Iterable<unknown>)[Symbol.iterator]();
  throw border.offence(
    `generate returned ${shownValue(lines)}, expected a generator that yields the events of a trace as lines`,
  );
}

/** What a workload yields, some at a time; empty when it is done. Its time is limited, as that of a cell. */
function takerOf(info: ModuleWorkload, context: WorkloadContext, border: Border): () => string[] {
  const limit = TimeLimit.of([{ module: border.module! }]);
  const lines = within(limit, () =>
    border.call('generate', () => iteratorOf(info.generate(context), border)),
  );
  const take = (): string[] => {
    const taken: string[] = [];
    while (taken.length < TAKEN) {
      const { value, done } = lines.next();
      if (done) break;
      taken.push(value as string);
    }
    return taken;
  };
  return () => within(limit, () => border.call('generate', take));
}

/** The blocks of a workload's events. */
function* blocksOf(events: EventLines<number>, border: Border, take: () => string[]): Generator<EventBlock> {
  let count = 0;
  for (let taken = take(); taken.length > 0; taken = take()) {
    const numbers = taken.map((_, i) => count + i + 1);
    yield* events.push(taken, numbers);
    count += taken.length;
  }
  if (count === 0) throw border.offence('generate yields nothing, expected the events of a trace');
  yield* events.end();
}

/** A workload of a module: a wrong event names the module, the workload and the event's number. */
export function checkedWorkload(info: ModuleWorkload, module: ModuleOrigin): Workload {
  const border = new Border(`workload ${info.name}`, module);
  return {
    ...info,
    module,
    generate(context): TraceSource {
      const values = Object.freeze({ ...context.values });
      const take = takerOf(info, { ...context, values }, border);
      const events = new EventLines<number>((number, what) => border.offence(`its event ${number}: ${what}`));
      const meta = new TraceMeta([
        ['page_size', '4096'],
        ['clock', 'microseconds, synthetic'],
        ['provenance', 'synthetic'],
        ['seed', String(context.seed)],
      ]);
      return { meta, strings: events.strings, blocks: () => blocksOf(events, border, take) };
    },
  };
}
