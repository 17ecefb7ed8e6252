import type { StallIndex } from '../../cost/ledger.js';
import { ARRIVED } from '../state/file-ahead.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';

/**
 * Begins to read pages that nothing waits for: the device is busy with them, and a use of one before they are there waits for the
 * rest. Only the last such request of a file is remembered.
 *
 * @param read pages of [first, first + count) that have to be read
 */
export function depart(m: State, object: SharedObject, first: number, count: number, read: number): void {
  const ahead = object.ahead;
  ahead.flightFrom = first;
  ahead.flightTo = read === 0 ? first : first + count;
  ahead.arrivesNs = read === 0 ? ARRIVED : m.readDeviceAhead(m.disk, object.number, read);
}

/** Waits for a page of a file that is in the page cache and may be on its way still (lock_folio_maybe_drop_mmap). */
export function waitFor(m: State, object: SharedObject, index: number, part: StallIndex): void {
  const { ahead } = object;
  if (ahead.arrivesNs === ARRIVED) return;
  if (!ahead.isInFlight(index)) return;
  const waitsNs = ahead.arrivesNs;
  ahead.arrivesNs = ARRIVED;
  const nowNs = m.ledger.nowNs(m.nowUs);
  const { aheadNs } = m.ledger;
  let waits = false;
  for (let draw = 0; draw < waitsNs.length; draw++) {
    waitsNs[draw] = Math.max(0, waitsNs[draw]! - nowNs - aheadNs[draw]!);
    if (waitsNs[draw]! > 0) waits = true;
  }
  if (waits) m.ledger.read(part, waitsNs, 0);
}
