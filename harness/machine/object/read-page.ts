import { PART } from '../../cost/ledger.js';
import type { FileAhead } from '../state/file-ahead.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';
import { waitFor } from './flight.js';
import { pageIn, WHERE, whereIs } from './page-in.js';
import { asyncReadAhead, isCached, isMarked, syncReadAhead } from './read-ahead.js';

/**
 * filemap_get_pages: a page of a file for read(2), with what is read ahead for it. Returns its id.
 *
 * @param end where the read ends
 * @param before the page after the last that was read before this call; -1 for none
 */
export function readFilePage(
  m: State,
  object: SharedObject,
  ahead: FileAhead,
  index: number,
  end: number,
  before: number,
): number {
  const wanted = end - index;
  const was = isCached(m, object, index);
  if (!was) {
    // Since 6.6 a call goes on from where the one before it ended, however far it has come.
    const lastRead =
      m.settings.kernel < KERNELS['6.6'] && object.lastRead >= 0 ? object.lastRead + 1 : before;
    syncReadAhead(m, object, ahead, { index, wanted, lastRead }, PART.read);
  }
  if (isCached(m, object, index) && isMarked(m, object.page(index)))
    asyncReadAhead(m, object, ahead, index, wanted);
  // There may be no room for a page and what is read after it.
  if (!isCached(m, object, index)) return pageIn(m, object, index, whereIs(m, object, index), PART.read);
  waitFor(m, object, index, PART.read);
  return was ? pageIn(m, object, index, WHERE.memory, PART.read) : object.page(index);
}
