import { HostError } from './errors.js';

/** Names that people use, where Node has another one. */
const NAMES: Readonly<Record<string, string>> = { darwin: 'macOS', win32: 'Windows' };

/**
 * Checks that this host runs Linux, for what asks its kernel or starts programs that do. Whatever reads traces and results needs
 * none of it.
 *
 * @param what needs it, as in `reclaim record`
 * @throws HostError elsewhere
 */
export function requireLinux(what: string, platform: string = process.platform): void {
  if (platform === 'linux') return;
  throw new HostError(
    `${what} needs Linux, and this is ${NAMES[platform] ?? platform}: replay, compare, mrc, report, diff and gate work here, on traces and results made elsewhere too`,
  );
}
