import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { HostError } from './errors.js';

const KIB = 1024;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** What /proc/meminfo estimates can be used without swapping; what is free, where there is none. */
function ofHost(): number {
  try {
    const available = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    if (available !== undefined) return Number(available) * KIB;
  } catch {
    // Not Linux.
  }
  return freemem();
}

/** What the control group of this process leaves it; infinite without a limit. */
function ofGroup(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit <= totalmem() ? limit - process.memoryUsage.rss() : Number.POSITIVE_INFINITY;
}

function amount(bytes: number): string {
  return bytes < GIB ? `${Math.round(Math.max(0, bytes) / MIB)} MiB` : `${(bytes / GIB).toFixed(1)} GiB`;
}

/**
 * Checks that this host has room for arrays, before they are made: the kernel promises more memory than there is, and ends the
 * process when it is used.
 *
 * @param what needs them, as in `268435455 pages`
 * @param bytes that they take beyond what the process has already
 * @throws HostError where there is no room
 */
export function checkRoom(what: string, bytes: number): void {
  const available = Math.min(ofHost(), ofGroup());
  if (bytes <= available) return;
  throw new HostError(
    `${what} need about ${amount(bytes)} more memory, and this host has ${amount(available)} left: expected a host with more, or a sample of the pages (reclaim trace sample)`,
  );
}
