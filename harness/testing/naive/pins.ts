import { type Returned, SUCCESS } from './calls.js';
import { releasePage } from './entries.js';
import { fault, isMapped } from './faults.js';
import { splitFolio } from './folios.js';
import type { Page } from './page.js';
import { settle } from './reclaim.js';
import type { NaiveKernel, Pin, Space } from './state.js';
import { findVma } from './vmas.js';

function overlapping(space: Space, start: number, end: number): Pin[] {
  return space.pins.filter((pin) => pin.start < end && start < pin.end);
}

/** A device pins the pages of a range, faulted in for writing, or none of them. */
export function pin(k: NaiveKernel, space: Space, page: number, count: number): Returned {
  const end = page + count;
  if (overlapping(space, page, end).length > 0) return { errno: 'EEXIST', value: 0 };
  const pages: Page[] = [];
  for (let vpn = page; vpn < end; vpn++) {
    const got = pageToPin(k, space, vpn);
    if (!got) {
      letGo(k, { start: page, end: vpn, pages });
      return { errno: 'EFAULT', value: 0 };
    }
    k.pinned.set(got, (k.pinned.get(got) ?? 0) + 1);
    settle(k, got);
    pages.push(got);
  }
  space.pins.push({ start: page, end, pages });
  return SUCCESS;
}

function pageToPin(k: NaiveKernel, space: Space, vpn: number): Page | undefined {
  const vma = findVma(space, vpn);
  if (!vma?.flags.has('write') || (vma.flags.has('shared') && vma.object?.disk)) return undefined;
  if (!isMapped(space, vpn, true) && !fault(k, space, vma, vpn, true)) return undefined;
  const { page } = space.entries.get(vpn)!;
  if (page.folio) splitFolio(k, page.folio, { kept: page });
  page.dirty = true;
  return page;
}

/** Ends the pins that lie in a range, where it cuts none. */
export function unpin(k: NaiveKernel, space: Space, page: number, count: number): Returned {
  const end = page + count;
  const found = overlapping(space, page, end);
  if (found.some((pin) => pin.start < page || pin.end > end)) return { errno: 'EINVAL', value: 0 };
  if (found.length === 0) return { errno: 'ENOENT', value: 0 };
  space.pins = space.pins.filter((pin) => !found.includes(pin));
  for (const pin of found) letGo(k, pin);
  return SUCCESS;
}

/** Pages that nothing else refers to are free then. */
export function letGo(k: NaiveKernel, { pages }: Pin): void {
  for (const page of pages) {
    const left = k.pinned.get(page)! - 1;
    if (left > 0) {
      k.pinned.set(page, left);
      continue;
    }
    k.pinned.delete(page);
    const held = [...k.objects].some((object) => [...object.pages.values()].includes(page));
    if (held || k.references(page) > 0) settle(k, page);
    else releasePage(k, page);
  }
}
