import { grown, grownCapacity } from '../../base/arrays.js';

/** Hands out physical frames by number. */
export interface FrameAllocator {
  /** A free frame, or -1 when there is none. */
  allocate(): number;
  /** First of 2^order free frames next to each other, or -1; absent where frames have no neighbours. */
  allocateBlock?(order: number): number;
  /** A certain frame; absent where frames have no places. Returns whether it was free. */
  allocateFrame?(frame: number): boolean;
  free(frame: number): void;
  /** Frames handed out. */
  readonly inUse: number;
  /** Frame numbers handed out so far are below this. */
  readonly high: number;
  /** Host memory it takes. */
  readonly bytes: number;
}

/** Single frames from a stack of free ones: the last freed is the next used, as on the kernel's per-CPU lists. */
export class FrameStack implements FrameAllocator {
  private free_ = new Int32Array(0);
  private stacked = 0;
  private next = 0;

  get inUse(): number {
    return this.next - this.stacked;
  }

  get high(): number {
    return this.next;
  }

  get bytes(): number {
    return this.free_.byteLength;
  }

  allocate(): number {
    if (this.stacked > 0) return this.free_[--this.stacked]!;
    return this.next++;
  }

  free(frame: number): void {
    if (this.stacked === this.free_.length) {
      this.free_ = grown(this.free_, grownCapacity(this.stacked, this.stacked + 1), 0);
    }
    this.free_[this.stacked++] = frame;
  }
}
