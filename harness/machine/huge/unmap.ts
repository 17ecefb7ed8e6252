import type { Folio, Folios } from '../memory/folios.js';
import type { State } from '../state/state.js';

/** Zaps in batches, as the kernel: what one table loses at once is looked at once (zap_present_folio_ptes). */
export class Unmapping {
  /** Whether entries of one table are being emptied. */
  private batching = false;
  private readonly touched = new Set<Folio>();

  constructor(
    private readonly state: State,
    private readonly folios: Folios,
  ) {}

  begin(): void {
    this.batching = true;
  }

  end(): void {
    this.batching = false;
    for (const folio of this.touched) this.settle(folio);
    this.touched.clear();
  }

  /** A page of a folio has lost its last mapping. */
  lost(folio: Folio): void {
    folio.unmapped++;
    if (this.batching) this.touched.add(folio);
    else this.settle(folio);
  }

  /**
   * A folio that nothing maps is free. One that has lost pages keeps all its frames: it waits to be split
   * (deferred_split_folio, free_large_folio).
   */
  private settle(folio: Folio): void {
    if (folio.unmapped === folio.size) this.free(folio);
    else if (!folio.partlyMapped) {
      folio.partlyMapped = true;
      this.state.counters.thp_deferred_split_page++;
      this.folios.deferred.add(folio);
    }
  }

  /** All frames of a folio are free. */
  free(folio: Folio): void {
    this.state.reclaim.forget(folio.head);
    this.folios.remove(folio);
    for (const page of folio.pages) this.state.freePage(page);
  }
}
