import { PAGE_BYTES } from '../base/page.js';
import { Refusal } from '../contract/refusal.js';
import type { Errno, Kernel, MappedPiece, PageRange, VolatileResult } from '../policy/discard/contract.js';
import type { Advice } from '../trace/op.js';
import type { Addresses } from './addresses.js';
import type { Layout, LiveObject } from './layout.js';
import { ADVICE_VALUES, errnoName, FLAG, KEEPER, LIVE_OP, NO_OBJECT } from './protocol.js';
import type { LiveOp, Session } from './session.js';

/** Why a policy or an event that needs volatile memory cannot have it. */
export const NO_VOLATILE = 'volatile memory is in no kernel: not possible live';
/** FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE. Source: include/uapi/linux/falloc.h. */
export const PUNCH_MODE = 3;

/** How an op of the executor names an object. */
interface Descriptor {
  readonly flags: number;
  readonly slot: number;
  readonly a: number;
}

/** The system calls of discard policies, made on a live kernel. Each is answered before it returns. */
export class LiveKernel implements Kernel {
  calls = 0;
  pages = 0;
  errors = 0;

  constructor(
    private readonly session: Session,
    private readonly layout: Layout,
    private readonly addresses: Addresses,
  ) {}

  madvise(range: PageRange, advice: Advice, era?: '2006'): Errno {
    if (era !== undefined)
      throw new Refusal('MADV_REMOVE of 2006 is in no kernel any more: not possible live');
    const value = ADVICE_VALUES[advice];
    if (value === undefined) throw new Refusal(NO_VOLATILE);
    const space = this.layout.find(range.space);
    if (!space) return this.counted(range.count, 'ENOMEM');
    const { count } = range;
    const page = this.addresses.live(range.page, count);
    return this.call(LIVE_OP.madvise, { slot: space.slot, page, count, a: value }, count);
  }

  punch(piece: MappedPiece): Errno {
    const { flags, slot, a } = this.descriptor(piece);
    const bytes = { page: piece.objectPage * PAGE_BYTES, b: piece.count * PAGE_BYTES };
    return this.call(LIVE_OP.fallocate | flags, { slot, a, count: PUNCH_MODE, ...bytes }, piece.count);
  }

  truncate(piece: MappedPiece): Errno {
    const { objectPage, count } = piece;
    const { flags, slot, a } = this.descriptor(piece);
    const size = this.objectOf(piece)?.size ?? 0;
    if (a === NO_OBJECT || objectPage + count < size || objectPage >= size)
      return this.counted(count, 'EINVAL');
    const to = (pages: number) =>
      this.session.call(LIVE_OP.truncate | flags, { slot, a, b: pages * PAGE_BYTES }).error;
    return this.counted(count, errnoName(to(objectPage) || to(size)));
  }

  setVolatile(): VolatileResult {
    throw new Refusal(NO_VOLATILE);
  }

  lookup(range: PageRange): MappedPiece[] {
    const space = this.layout.find(range.space);
    if (!space) return [];
    const page = this.addresses.live(range.page, range.count);
    const { text } = this.session.call(LIVE_OP.lookup, { slot: space.slot, page, count: range.count });
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => this.piece(range.space, line));
  }

  /** A line is: live page, pages, page of the object, permissions, what tells its object from others, whether it may be made writable. */
  private piece(space: number, line: string): MappedPiece {
    const [page, count, offset, flags, inode, mayWrite] = line.split(' ');
    const object = this.layout.byInodeNumber(Number(inode));
    const hasObject = inode !== '0';
    return {
      space,
      page: this.addresses.ofTrace(Number(page)),
      count: Number(count),
      object: object?.name,
      objectPage: hasObject ? Number(offset) : 0,
      inode: hasObject && flags!.endsWith('s') ? Number(inode) : undefined,
      descriptor: object?.descriptor === true && mayWrite === '1',
    };
  }

  private objectOf({ object, inode }: MappedPiece): LiveObject | undefined {
    if (object === undefined) return undefined;
    // A name can be used again while the object that had it is still mapped.
    return inode === undefined ? this.layout.object(object) : this.layout.byInodeNumber(inode);
  }

  /**
   * What a policy reaches the object of a piece through. Its descriptor is its own: it stays open when the program closes that of
   * the trace. The executor keeps none, so that the object can go, and finds the object through the mapping.
   */
  private descriptor(piece: MappedPiece): Descriptor {
    const object = piece.descriptor ? this.objectOf(piece) : undefined;
    if (!object) return { flags: 0, slot: KEEPER, a: NO_OBJECT };
    if (!object.closed) return { flags: 0, slot: KEEPER, a: object.number };
    const { slot } = this.layout.space(piece.space);
    return { flags: FLAG.mapped, slot, a: this.addresses.live(piece.page, piece.count) };
  }

  private call(code: number, op: LiveOp, named: number): Errno {
    return this.counted(named, errnoName(this.session.call(code, op).error));
  }

  private counted(named: number, errno: Errno): Errno {
    this.calls++;
    this.pages += named;
    if (errno !== 0) this.errors++;
    return errno;
  }
}
