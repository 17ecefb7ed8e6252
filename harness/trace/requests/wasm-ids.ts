import { WASM_PAGE, type WasmMemory, wasmInstance } from '../../base/wasm.js';
import type { RequestBatch } from './batch.js';
import { DenseIds, INITIAL_SLOTS, SLOT_BYTES } from './dense-ids.js';

/** Requests a call, and the least room for new ids that a call is worth: as CHUNK and AHEAD in harness/wasm/ids.c. */
const CHUNK = 16_384;
const AHEAD = 128;
/** Bytes of records a call at most: as RECORDS_BYTES there. */
const RECORDS_BYTES = 1 << 19;

/** What the module exports: see harness/wasm/ids.c. */
interface IdsExports {
  readonly memory: WasmMemory;
  chunk_at(): number;
  slots_at(): number;
  records_at(): number;
  take_records(first: number, length: number, bytes: number, idAt: number): void;
  map(length: number, mask: number, count: number): number;
  rehash(old: number, mask: number): void;
}

/**
 * The same numbers as `DenseIds`, with the loop over batches in WebAssembly. The table lies in the memory of the module;
 * once it needs more than that can have (4 GiB), it moves out, and JavaScript goes on.
 */
export class WasmIds extends DenseIds {
  private readonly wasm = wasmInstance<IdsExports>('ids');
  private outside = false;

  constructor() {
    super();
    this.slots = this.makeSlots(INITIAL_SLOTS);
  }

  override mapBatch(batch: RequestBatch, dense: Int32Array): void {
    const { length } = batch;
    const at = this.mapInside(length, dense, (from, taken) => this.takeRows(batch, from, taken));
    if (at < length) this.mapRows(batch, at, dense);
  }

  /** Where records of that size are to be written for `mapRecords`: room for whole ones. */
  recordRoom(recordBytes: number): Uint8Array {
    const most = Math.min(CHUNK, Math.floor(RECORDS_BYTES / recordBytes));
    return new Uint8Array(this.wasm.memory.buffer, this.wasm.records_at(), most * recordBytes);
  }

  /**
   * The dense number of the 64-bit id of each record in `recordRoom`, without a batch of requests in between.
   *
   * @param idAt where the id begins in a record, in little-endian bytes
   */
  mapRecords(records: number, recordBytes: number, idAt: number, dense: Int32Array): void {
    let at = this.mapInside(records, dense, (from, taken) =>
      this.wasm.take_records(from, taken, recordBytes, idAt),
    );
    if (at === records) return;
    const view = new DataView(this.wasm.memory.buffer, this.wasm.records_at(), RECORDS_BYTES);
    for (; at < records; at++) {
      const id = at * recordBytes + idAt;
      dense[at] = this.id(view.getUint32(id, true), view.getUint32(id + 4, true), 0);
    }
  }

  /**
   * Maps keys part by part while the table lies in the memory of the module.
   *
   * @param take writes that many keys, from one on, to the chunk
   * @returns how many are mapped: the others have to be mapped outside
   */
  private mapInside(length: number, dense: Int32Array, take: (from: number, taken: number) => void): number {
    let at = 0;
    while (at < length && !this.outside) {
      const left = Math.min(CHUNK, length - at);
      this.makeRoom(Math.min(left, AHEAD));
      if (this.outside) break;
      const taken = Math.min(left, (this.mask >> 1) - this.count);
      take(at, taken);
      this.count = this.wasm.map(taken, this.mask, this.count);
      dense.set(this.column(3).subarray(0, taken), at);
      at += taken;
    }
    return at;
  }

  private takeRows({ low, high, volume }: RequestBatch, from: number, length: number): void {
    const end = from + length;
    this.column(0).set(low.subarray(from, end));
    this.column(1).set(high.subarray(from, end));
    this.column(2).set(volume.subarray(from, end));
  }

  /** A column of the chunk in the memory as it is now. */
  private column(number: number): Int32Array {
    return new Int32Array(this.wasm.memory.buffer, this.wasm.chunk_at() + 4 * CHUNK * number, CHUNK);
  }

  /** In the module, where it can have both tables at once. */
  protected override resize(slotCount: number): void {
    const old = this.mask + 1;
    if (this.outside || !this.reach(slotCount + old)) {
      super.resize(slotCount);
      return;
    }
    this.wasm.rehash(old, slotCount - 1);
    this.slots = this.slotsNow(slotCount);
  }

  /** A larger table begins where the old one did: what was in that is taken out first. */
  protected override moved(slotCount: number): { readonly old: Int32Array; readonly slots: Int32Array } {
    const old = this.slots.slice();
    const slots = this.makeSlots(slotCount);
    // An array of its own is empty already.
    if (!this.outside) slots.fill(0);
    return { old, slots };
  }

  private makeSlots(slotCount: number): Int32Array {
    if (!this.reach(slotCount)) this.outside = true;
    return this.outside ? new Int32Array((slotCount * SLOT_BYTES) / 4) : this.slotsNow(slotCount);
  }

  /** Makes the memory hold that many slots; false where it cannot. */
  private reach(slotCount: number): boolean {
    const { memory } = this.wasm;
    const end = this.wasm.slots_at() + slotCount * SLOT_BYTES;
    const missing = Math.ceil((end - memory.buffer.byteLength) / WASM_PAGE);
    try {
      if (missing > 0) memory.grow(missing);
      return true;
    } catch (error) {
      // What the memory throws that cannot grow so far.
      if (!(error instanceof RangeError)) throw error;
      return false;
    }
  }

  /** The table in the memory as it is now. */
  private slotsNow(slotCount: number): Int32Array {
    return new Int32Array(this.wasm.memory.buffer, this.wasm.slots_at(), (slotCount * SLOT_BYTES) / 4);
  }
}

/** A table in WebAssembly, or in JavaScript where there is no address space for a memory of a module. */
export function makeIds(): DenseIds {
  try {
    return new WasmIds();
  } catch (error) {
    if (error instanceof RangeError) return new DenseIds();
    throw error;
  }
}
