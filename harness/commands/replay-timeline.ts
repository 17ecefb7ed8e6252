import { InputError } from '../base/errors.js';
import { counted } from '../base/text.js';
import type { CellResult } from '../experiment/cell.js';
import { timelineOf as rowsOf } from '../experiment/result-files.js';
import { simulated } from '../machine/target.js';
import { AXES, AXIS_NAMES } from '../metrics/axes.js';
import { DISK } from '../output/disk.js';
import { writeWhole } from '../output/whole.js';
import { TimelineRecorder } from '../replay/timeline/recorder.js';
import { type LeftOut, timelineOf } from '../replay/timeline/trace-event.js';
import type { Trace } from '../trace/trace.js';

/** The flag of a timeline. */
export const timelineFlag = {
  timeline: {
    type: 'string',
    describe:
      'also write what stalled when as a timeline (Trace Event Format), for Perfetto or chrome://tracing',
    requiresArg: true,
  },
} as const;

/**
 * What watches a replay for its timeline.
 *
 * @throws InputError where times of events are not known: on a live kernel, and of a sample of pages
 */
export function timelineRecorder(trace: Trace, machine: string): TimelineRecorder {
  if (machine !== simulated.name)
    throw new InputError(
      `--timeline needs the stalls of each event, which machine ${machine} does not have: expected --machine ${simulated.name}`,
    );
  if (trace.meta.sample > 1)
    throw new InputError(
      `--timeline needs all pages, and this trace is a sample of one in ${trace.meta.sample}: what an event stalls is not known`,
      { file: trace.name },
    );
  return new TimelineRecorder(trace);
}

function leftOutText({ slices, shown, shortestNs, instants }: LeftOut): string {
  const all = shown === slices ? `${counted(slices, 'event')} that stalled` : undefined;
  const some = `the ${shown} events that stalled longest, ${(shortestNs / 1000).toPrecision(3)} µs and more, of ${slices}`;
  const marks = instants > 0 ? `; ${counted(instants, 'mark')} left out` : '';
  return `${all ?? some}${marks}`;
}

/**
 * Writes the timeline of a replay.
 *
 * @returns what is in it, as a line
 * @throws InputError when the file cannot be written
 */
export function writeTimeline(file: string, recorder: TimelineRecorder, result: CellResult): string {
  const { run, spaces } = result;
  const axes = AXIS_NAMES.map((name) => [name, String(run[AXES[name].column])] as const);
  const about = { trace: run.trace, trace_sha256: run.trace_sha256, ...Object.fromEntries(axes) };
  const { text, leftOut } = timelineOf(recorder, [...rowsOf(result)], spaces, about);
  writeWhole(DISK, file, text);
  return `timeline: ${file}: ${leftOutText(leftOut)}; open it in ui.perfetto.dev or chrome://tracing`;
}
