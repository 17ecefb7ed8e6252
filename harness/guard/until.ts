import { setTimeout as sleep } from 'node:timers/promises';

/** How long what was just ended may keep something busy. */
export const BUSY_MS = 500;
const POLL_MS = 5;

/** Polls until something holds. Returns whether it does. */
export async function until(holds: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Polls until something succeeds. @throws its last error after `BUSY_MS` */
export async function untilDone(work: () => void | Promise<void>): Promise<void> {
  const end = performance.now() + BUSY_MS;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await sleep(POLL_MS);
  }
}
