import type { ChangedPage } from './snapshots.js';

/** A guest that is shut down, or started again. */
export interface PowerSwitch {
  readonly timeS: number;
  readonly guest: number;
  readonly power: 'off' | 'on';
}

/** What happens to guests, by time. */
export type GuestStep = ChangedPage | PowerSwitch;

/**
 * Composes recorded guests with a schedule of restarts: from the last snapshot on, one guest after another is off for
 * `everyS` seconds. A guest that starts again does what it did when it was recorded, as long after its start.
 *
 * Keeps the whole recording, as it is needed twice.
 */
export async function* withRestarts(
  recording: AsyncIterable<ChangedPage>,
  guests: number,
  everyS: number,
): AsyncGenerator<GuestStep> {
  const recorded: ChangedPage[] = [];
  for await (const changed of recording) {
    recorded.push(changed);
    yield changed;
  }
  const lastS = recorded.at(-1)?.timeS ?? 0;
  const steps = Array.from({ length: guests }, (_, guest) => {
    const startS = lastS + (guest + 1) * everyS;
    return secondLife(recorded, guest, startS - everyS, startS);
  });
  yield* steps.flat().sort((a, b) => a.timeS - b.timeS);
}

function secondLife(
  recorded: readonly ChangedPage[],
  guest: number,
  offS: number,
  startS: number,
): GuestStep[] {
  return [
    { timeS: offS, guest, power: 'off' },
    { timeS: startS, guest, power: 'on' },
    ...recorded
      .filter((changed) => changed.guest === guest)
      .map((changed) => ({ ...changed, timeS: changed.timeS + startS })),
  ];
}
