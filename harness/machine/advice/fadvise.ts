import { PAGE_BYTES } from '../../base/page.js';
import type { SyscallResult } from '../../contract/target.js';
import { PART } from '../../cost/ledger.js';
import { callNs } from '../../cost/table.js';
import type { Errno } from '../../policy/discard/contract.js';
import type { FadviseArg } from '../../trace/args.js';
import { freeObjectPage } from '../object/lifetime.js';
import { writeBackRange } from '../reclaim/writeback.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';
import { prefetchObject } from './willneed.js';

/** Pages of a file: those that a range of bytes touches, and those that it holds whole. Ends are exclusive. */
interface FileSpan {
  readonly from: number;
  readonly to: number;
  readonly wholeFrom: number;
  readonly wholeTo: number;
}

/**
 * posix_fadvise on pages of a file, or on `bytes`, of which 0 go up to the end of the file. Shared memory and images ignore
 * all advice: their file systems write nothing back (noop_backing_dev_info), or have no page cache. What it says of reads to
 * come is kept by file, and not by open file as in the kernel: a trace has no descriptors.
 *
 * The result's pages are those dropped, or those that are being read.
 * Source: generic_fadvise in mm/fadvise.c.
 */
export function fadvise(
  m: State,
  object: SharedObject,
  index: number,
  count: number,
  { advice, bytes }: Pick<FadviseArg, 'advice' | 'bytes'>,
): SyscallResult {
  if (!object.options.descriptor) return paid(m, 'EBADF', 0, 0);
  if (object.backing !== 'file') return paid(m, 0, 0, 0);
  const span = spanOf(object, bytes ?? { start: index * PAGE_BYTES, length: count * PAGE_BYTES });
  switch (advice) {
    case 'dontneed':
      return paid(m, 0, invalidate(m, object, span), span.to - span.from);
    case 'willneed': {
      const read = prefetchObject(m, object, span.from, span.to);
      m.ledger.cpu(PART.discard, callNs(m.costs.calls.willneed, read, span.to - span.from - read));
      return { errno: 0, value: 0, pages: read };
    }
    case 'noreuse':
      // Before 6.3 it had no effect.
      object.noReuse = m.settings.kernel >= KERNELS['6.6'];
      return paid(m, 0, 0, 0);
    default:
      object.ahead.advise(advice);
      if (advice === 'normal') object.noReuse = false;
      return paid(m, 0, 0, 0);
  }
}

function spanOf(object: SharedObject, bytes: { readonly start: number; readonly length: number }): FileSpan {
  const size = object.size * PAGE_BYTES;
  const end = bytes.length === 0 ? size : Math.min(size, bytes.start + bytes.length);
  const from = Math.floor(bytes.start / PAGE_BYTES);
  const wholeFrom = Math.ceil(bytes.start / PAGE_BYTES);
  return {
    from,
    to: Math.max(from, Math.ceil(end / PAGE_BYTES)),
    wholeFrom,
    wholeTo: Math.max(wholeFrom, Math.floor(end / PAGE_BYTES)),
  };
}

/**
 * POSIX_FADV_DONTNEED: begins to write dirty pages of the range, and drops the clean ones that nothing maps and the range
 * holds whole. What is being written stays, and is next to go (deactivate_file_folio); that pages were evicted from the range
 * is forgotten (clear_shadow_entries). Returns the pages dropped.
 * Source: mapping_try_invalidate and mapping_evict_folio in mm/truncate.c.
 */
function invalidate(m: State, object: SharedObject, span: FileSpan): number {
  const written = new Set<number>();
  writeBackRange(m, object, span.from, span.to, (page) => written.add(page));
  let dropped = 0;
  const end = Math.min(span.wholeTo, object.size);
  for (const index of object.present(span.wholeFrom, end)) {
    const page = object.page(index);
    const frame = m.pages.location[page]!;
    if (frame < 0) m.reclaim.forget(page);
    else if (m.frames.mapcount[frame] !== 0 || m.pins.has(page)) continue;
    else if (written.has(page)) m.reclaim.deactivated(page);
    else {
      if (m.pages.isOverHole(page)) freeObjectPage(m, object, index);
      else m.uncache(page);
      dropped++;
    }
  }
  return dropped;
}

function paid(m: State, errno: Errno, present: number, named: number): SyscallResult {
  m.ledger.cpu(PART.discard, callNs(m.costs.calls.fadvise, present, Math.max(1, named - present)));
  return { errno, value: 0, pages: present };
}
