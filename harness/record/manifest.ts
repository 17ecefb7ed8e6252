import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clocks, MANIFEST, type Manifest } from '../trace/readers/recording/manifest.js';

export type { AttachedProcess, Clocks, Ended, Manifest } from '../trace/readers/recording/manifest.js';
export { RAW_FORMAT } from '../trace/readers/recording/manifest.js';

/**
 * The clocks now, to a microsecond: JavaScript has the wall clock in whole ms only, and the moment at which it steps is exact.
 * Waits up to a ms.
 */
export function clocksNow(): Clocks {
  const before = Date.now();
  let realtime = before;
  while (realtime === before) realtime = Date.now();
  return { monotonic_ns: `${process.hrtime.bigint()}`, realtime_ns: `${BigInt(realtime) * 1_000_000n}` };
}

export function writeManifest(raw: string, manifest: Manifest): void {
  writeFileSync(join(raw, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
}
