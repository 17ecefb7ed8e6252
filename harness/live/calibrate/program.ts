import { HostError } from '../../base/errors.js';
import { buildNative, missingCompiler, type NativeProgram } from '../../base/native.js';
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
export async function buildCalibrate(cache: string): Promise<string> {
  const missing = missingCompiler();
  if (missing !== undefined) throw new HostError(`${missing}; the costs that ship need none`);
  return buildNative(CALIBRATE, cache);
}
