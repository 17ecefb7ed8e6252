import type { PageRange, Program } from '../policy/discard/contract.js';
import type { Addresses } from './addresses.js';
import type { Layout } from './layout.js';
import { PENDING, type PendingOps } from './pending.js';
import { FLAG, LIVE_OP } from './protocol.js';
import type { Session } from './session.js';

/** What the traced program does on a live kernel because of its discard policy. The executor leaves out what it cannot access. */
export class LiveProgram implements Program {
  regeneratedPages = 0;
  regeneratedRanges = 0;

  constructor(
    private readonly session: Session,
    private readonly layout: Layout,
    private readonly addresses: Addresses,
    private readonly pending: PendingOps,
  ) {}

  /** The time that the program would take is not spent. */
  regenerate(range: PageRange): void {
    this.regeneratedPages += range.count;
    this.regeneratedRanges++;
    this.write(range);
  }

  writeCookies(range: PageRange): void {
    this.write(range);
  }

  firstLost({ space, page, count }: PageRange): number {
    const { slot } = this.layout.space(space);
    const live = this.addresses.live(page, count);
    const { value } = this.session.call(LIVE_OP.cookie, { slot, page: live, count });
    return value >= count ? -1 : value;
  }

  private write({ space, page, count }: PageRange): void {
    const { slot } = this.layout.space(space);
    const live = this.addresses.live(page, count);
    const index = this.session.queue(LIVE_OP.write | FLAG.unique, slot, live, count, 0, 0);
    this.pending.note(index, PENDING.none, 0, space, page, count);
  }
}
