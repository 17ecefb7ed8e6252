import { InputError } from '../../base/errors.js';
import type { SyscallResult } from '../../contract/target.js';
import { PART } from '../../cost/ledger.js';
import { callNs } from '../../cost/table.js';
import type { Errno } from '../../policy/discard/contract.js';
import { isAnonPage } from '../entries/entry.js';
import { FAULTED, fault } from '../mapping/fault.js';
import { PTE, PTE_SHIFT } from '../state/page-table.js';
import { KERNELS } from '../state/settings.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';

/**
 * Pins the pages of a range for a device, as VFIO_IOMMU_MAP_DMA does with the range as its addresses: each is faulted in for
 * writing, and keeps its frame until it is unpinned, whatever the program calls. Where a page cannot be had none is pinned, and
 * those before it stay faulted in. EEXIST where a part is pinned already, EFAULT for a hole, memory that may not be written, a
 * guard, a page beyond the end of an object, and from Linux 6.5 on a shared mapping of a file.
 *
 * Source: pin_user_pages_remote in mm/gup.c with FOLL_WRITE | FOLL_LONGTERM, vfio_dma_do_map in drivers/vfio/vfio_iommu_type1.c.
 */
export function dmaPin(m: State, space: Space, page: number, count: number): SyscallResult {
  if (count === 0) return { errno: 0, value: 0, pages: 0 };
  if (m.pins.overlaps(space, page, page + count)) return pinned(m, 'EEXIST', 0);
  const ids: number[] = [];
  for (let vpn = page; vpn < page + count; vpn++) {
    const errno = pinOne(m, space, vpn, ids);
    if (errno === 0) continue;
    for (const id of ids) m.pins.release(m, id);
    return pinned(m, errno, ids.length);
  }
  m.pins.add(space, page, ids);
  return pinned(m, 0, count);
}

/** Pins one page, and adds it to `ids`. */
function pinOne(m: State, space: Space, vpn: number, ids: number[]): Errno {
  const vma = space.find(vpn);
  const refused = vma ? refusesPins(m, vma) : 'EFAULT';
  if (refused !== 0) return refused;
  const need = PTE.present | PTE.write;
  const known = space.directory.entry(vpn);
  const mapped = known >= 0 && (m.tables.get(known) & need) === need;
  if (!mapped && fault(m, vma!, vpn, true) !== FAULTED.ok) return 'EFAULT';
  const id = m.tables.get(space.directory.entry(vpn)) >>> PTE_SHIFT;
  // The kernel keeps the huge page whole, and all of it is pinned; here that is so of shared memory.
  if (isAnonPage(m, id)) m.huge?.splitPageOf(id);
  // FOLL_TOUCH with FOLL_WRITE: the page counts as written.
  m.pages.markDirty(id);
  m.pins.hold(m, id);
  ids.push(id);
  return 0;
}

/** check_vma_flags, writable_file_mapping_allowed: why pages of a VMA cannot be pinned. */
function refusesPins(m: State, vma: Vma): Errno {
  if (vma.has(VM.hugetlb))
    throw new InputError('dma-pin of hugetlb memory is not modelled, expected memory of pages of 4 KiB');
  if (vma.has(VM.mixedMap)) return 'EOPNOTSUPP'; // vma_is_fsdax
  if (vma.has(VM.pfnMap) || !vma.has(VM.write)) return 'EFAULT';
  const file = vma.has(VM.shared) && vma.object?.backing === 'file';
  return file && m.settings.kernel >= KERNELS['6.6'] ? 'EFAULT' : 0;
}

/**
 * Ends the pins that lie in a range, as VFIO_IOMMU_UNMAP_DMA does: EINVAL, and nothing changes, where the range cuts one, ENOENT
 * where it has none.
 */
export function dmaUnpin(m: State, space: Space, page: number, count: number): SyscallResult {
  if (count === 0) return { errno: 0, value: 0, pages: 0 };
  const pins = m.pins.take(space, page, page + count);
  const ids = pins?.flatMap((pin) => pin.ids) ?? [];
  for (const id of ids) m.pins.release(m, id);
  m.ledger.cpu(PART.discard, callNs(m.costs.calls.unpin, ids.length, 1));
  return {
    errno: pins === undefined ? 'EINVAL' : ids.length === 0 ? 'ENOENT' : 0,
    value: 0,
    pages: ids.length,
  };
}

function pinned(m: State, errno: Errno, worked: number): SyscallResult {
  m.ledger.cpu(PART.discard, callNs(m.costs.calls.pin, worked, 1));
  return { errno, value: 0, pages: errno === 0 ? worked : 0 };
}
