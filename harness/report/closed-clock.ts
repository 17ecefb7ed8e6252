/** What a reader of results with a closed clock must know. */
import { counted } from '../base/text.js';
import { AXES, AXIS_NAMES, BASE_VALUES } from '../metrics/axes.js';
import type { RunRow } from '../metrics/files.js';
import type { Warning } from '../metrics/warnings.js';

/** Which cell a slowdown is of. */
function placeOf({ trace, discard, reclaim, limit }: RunRow): string {
  return `${trace}, ${discard}, ${reclaim}, ${limit === 'none' ? 'no limit' : `limit ${limit}`}`;
}

/** The values of the base of slowdowns: nothing is given back, and memory is never short. */
const UNHURRIED = { ...BASE_VALUES, limit: 'none', memory: 'none' } as const;

/** What an experiment lists for a cell to have the base of its slowdown, as far as no cell of its trace has it. */
function lackingKeys(cell: RunRow, closed: readonly RunRow[]): string[] {
  const alike = closed.filter(({ trace }) => trace === cell.trace);
  return AXIS_NAMES.flatMap((name) => {
    const { column, key } = AXES[name];
    const value = (UNHURRIED as Readonly<Record<string, string | undefined>>)[column];
    if (value === undefined || alike.some((run) => run[column] === value)) return [];
    return [`${value} to ${key}`];
  });
}

/** Why cells have no slowdown, and what to add for one; nothing where all have it. */
function unslowedText(closed: readonly RunRow[]): string[] {
  const lacking = closed.filter(({ slowdown }) => slowdown === null);
  if (lacking.length === 0) return [];
  const keys = [...new Set(lacking.flatMap((cell) => lackingKeys(cell, closed)))];
  const base = 'the same with discard keep, merge none, no limit and no size of memory';
  const why =
    keys.length > 0
      ? `which is not among the cells: add ${keys.join(', ')}`
      : 'and one of the two is missing, or did not run to its end';
  return [`In ${counted(lacking.length, 'cell')} there is no slowdown: it is against ${base}, ${why}.`];
}

/** The most that a run takes longer for its stalls. */
function slowdownText(closed: readonly RunRow[]): string[] {
  const slowed = closed.filter(({ slowdown }) => slowdown !== null);
  if (slowed.length === 0) return [];
  const most = slowed.reduce((a, b) => (b.slowdown! > a.slowdown! ? b : a));
  return [
    `The largest slowdown is ${most.slowdown!.toFixed(2)} times (${placeOf(most)}), against keep without a limit.`,
  ];
}

function lateText(closed: readonly RunRow[]): string[] {
  const late = closed.filter(({ late_events }) => (late_events ?? 0) > 0);
  if (late.length === 0) return [];
  return [
    `In ${counted(late.length, 'cell')} a thread was so far ahead of another that events came late (late_events): their run time is too long.`,
  ];
}

/** Cells with a closed clock, and how they differ from those with an open one. */
export function closedClock(runs: readonly RunRow[]): Warning[] {
  const closed = runs.filter(({ clock }) => clock === 'closed');
  if (closed.length === 0) return [];
  const open = runs.length - closed.length;
  return [
    {
      what: `${counted(closed.length, 'cell')} of ${runs.length} ran with a closed clock: a thread's stalls delay its own later events.`,
      advice: [
        ...slowdownText(closed),
        ...unslowedText(closed),
        'Their means are over the time that the run took, from one draw of devices; what halved or doubled prices change is worked out as if events stayed where they are.',
        ...(open > 0
          ? ['With an open clock stalls are summed and delay nothing: compare within one clock.']
          : []),
        ...lateText(closed),
      ].join(' '),
    },
  ];
}
