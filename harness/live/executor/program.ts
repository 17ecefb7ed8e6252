import { buildNative, type NativeProgram } from '../../base/native.js';
import { packageFile } from '../../base/package-root.js';

/** The executor. It is static: in a virtual machine it is the only program there is. */
const EXECUTOR: NativeProgram = {
  source: packageFile('harness', 'live', 'executor', 'executor.c'),
  name: 'executor',
  flags: ['-O2', '-static'],
};

/**
 * Builds the executor with the user's C compiler, once.
 *
 * @param cache the cache folder
 * @returns its path
 * @throws HostError without a compiler, or where it cannot be built
 */
export function buildExecutor(cache: string): Promise<string> {
  return buildNative(EXECUTOR, cache);
}
