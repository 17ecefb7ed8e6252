import { type EndingSignal, SIGNALS } from '../base/errors.js';

const NAMES = Object.keys(SIGNALS) as EndingSignal[];

/**
 * Runs something that a signal interrupts: Ctrl-C, SIGTERM, or the end of the terminal. The first one aborts it, and the
 * exit code says which it was; a second one ends the process at once. What runs must not keep the main thread busy.
 */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const interrupt = (name: EndingSignal) => {
    if (abort.signal.aborted) {
      // After the others that handle this signal: they remove files that are half written.
      setImmediate(() => process.exit(SIGNALS[name]));
      return;
    }
    process.exitCode = SIGNALS[name];
    abort.abort();
  };
  for (const name of NAMES) process.on(name, interrupt);
  try {
    return await run(abort.signal);
  } finally {
    for (const name of NAMES) process.off(name, interrupt);
  }
}
