import { buildNative, type NativeProgram } from '../../base/native.js';
import { packageFile } from '../../base/package-root.js';

const CALIBRATE: NativeProgram = {
  source: packageFile('harness', 'live', 'calibrate', 'program', 'calibrate.c'),
  name: 'calibrate',
  flags: ['-O2'],
};

/**
 * Builds the program that measures, with the user's C compiler, once.
 *
 * @param cache the cache folder
 * @returns its path
 * @throws HostError without a compiler, or where it cannot be built
 */
export function buildCalibrate(cache: string): Promise<string> {
  return buildNative(CALIBRATE, cache);
}
