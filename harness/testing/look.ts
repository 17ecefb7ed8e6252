import type { Machine } from '../machine/machine.js';
import { contentAt } from '../machine/mapping/access.js';
import type { ReplayResult } from '../replay/replay.js';
import { run, type TestRun } from './machine.js';
import { timed } from './traces.js';

/** Contents of a range as a space finds them; undefined where nothing is mapped. */
export function contents(m: Machine, space: number, page: number, count: number): (number | undefined)[] {
  const found = m.space(space);
  return Array.from({ length: count }, (_, i) => found && contentAt(m, found, page + i));
}

/** Replays events, the machine checked after each, and looks at it when they are over. */
export async function runAndLook<T>(
  events: readonly string[],
  options: TestRun,
  look: (m: Machine) => T,
): Promise<{ result: ReplayResult; seen: T; errnos: (string | number)[] }> {
  let machine: Machine | undefined;
  const errnos: (string | number)[] = [];
  const result = await run(timed(events), {
    ...options,
    observe: (m) => {
      machine = m;
    },
    completed: (_m, returned) => {
      errnos.push(returned.errno === 0 ? returned.value : returned.errno);
    },
  });
  return { result, seen: look(machine!), errnos };
}
