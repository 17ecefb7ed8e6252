import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Case, conform, csvLines, FOLDER } from '../../testing/conformance.js';
import { run } from '../../testing/machine.js';
import { timed } from '../../testing/traces.js';
import { OP } from '../../trace/op.js';

/** Pages of the pool that was measured. */
const POOL = 64;

/** What a step returned, and the pool after it. */
interface Reading {
  returned: string;
  used: number;
  rsvd: number;
}

/** The steps of each case, with the events that they are. */
const steps = new Map<string, { step: string; events: string[] }[]>();
for (const line of readFileSync(join(FOLDER, 'hugetlb-steps.txt'), 'utf8').trimEnd().split('\n')) {
  const [test, step, events] = line.split('\t') as [string, string, string];
  steps.set(test, [...(steps.get(test) ?? []), { step, events: events.split(';') }]);
}

/** Runs a case: the reading of a step is that of its last event, a signal or an error included. */
async function simulate(test: string): Promise<Map<string, Reading>> {
  const readings = new Map<string, Reading>();
  const events = [`set,,,,vm.nr_hugepages=${POOL}`, 'spawn,1,,,'];
  const ends = new Map<number, string>();
  for (const { step, events: own } of steps.get(test)!) {
    events.push(...own);
    ends.set(events.length - 1, step);
  }
  let signals = 0;
  let at = 0;
  await run(timed(events), {
    completed: (m, { errno }, block, row) => {
      const step = ends.get(at++);
      const { sigbus } = m.counters;
      const touched = block.op[row] === OP.read || block.op[row] === OP.write;
      const signalled = touched && sigbus > signals;
      signals = sigbus;
      const { inUse: used, reserved: rsvd } = m.hugetlb.pool;
      if (step) readings.set(step, { returned: signalled ? 'SIGBUS' : String(errno), used, rsvd });
    },
  });
  return readings;
}

const simulated = new Map<string, Promise<Map<string, Reading>>>();

/** The readings of a case, made once. */
function readingsOf(test: string): Promise<Map<string, Reading>> {
  const known = simulated.get(test) ?? simulate(test);
  simulated.set(test, known);
  return known;
}

const { rows } = csvLines('hugetlb.csv');
const ids = rows.map((line) => line.split(',', 2).join(' '));

function stepCase(line: string): Case {
  const [test, step, returned, used, rsvd] = line.split(',') as [string, string, string, string, string];
  return async () => {
    const readings = await readingsOf(test);
    expect(readings.get(step)).toEqual({ returned, used: Number(used), rsvd: Number(rsvd) });
  };
}

conform('hugetlb.csv', ids, Object.fromEntries(ids.map((id, i) => [id, stepCase(rows[i]!)])));
