/** What a reader of results with a closed clock must know. */
import { counted } from '../base/text.js';
import type { RunRow } from '../metrics/files.js';
import type { Warning } from '../metrics/warnings.js';

/** Which cell a slowdown is of. */
function placeOf({ trace, discard, reclaim, limit }: RunRow): string {
  return `${trace}, ${discard}, ${reclaim}, ${limit === 'none' ? 'no limit' : `limit ${limit}`}`;
}

/** The most that a run takes longer for its stalls; a sentence that there is no base where nothing says it. */
function slowdownText(closed: readonly RunRow[]): string {
  const slowed = closed.filter(({ slowdown }) => slowdown !== null);
  if (slowed.length === 0)
    return 'There is no slowdown: it needs the cell with discard keep, merge none and no limit.';
  const most = slowed.reduce((a, b) => (b.slowdown! > a.slowdown! ? b : a));
  return `The largest slowdown is ${most.slowdown!.toFixed(2)} times (${placeOf(most)}), against keep without a limit.`;
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
        slowdownText(closed),
        'Their means are over the time that the run took, from one draw of devices; what halved or doubled prices change is worked out as if events stayed where they are.',
        ...(open > 0
          ? ['With an open clock stalls are summed and delay nothing: compare within one clock.']
          : []),
        ...lateText(closed),
      ].join(' '),
    },
  ];
}
