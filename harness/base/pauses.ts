/** A thread that is busy for longer lets signals wait: they are to act within half a second, also on a slow host. */
const BUSY_MS = 40;

/** Lets signals and other events of this thread be handled now and then, while it works through much. */
export class Pauses {
  private last = performance.now();

  /** Returns at once, unless the thread has been busy for a while: then after events have been handled. */
  async now(): Promise<void> {
    if (performance.now() - this.last < BUSY_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.last = performance.now();
  }
}
