import { madvise } from '../machine/advice/madvise.js';
import type { Machine } from '../machine/machine.js';
import { exit, fork } from '../machine/mapping/fork.js';
import { map, protect, setLocked, unmap } from '../machine/mapping/mmap.js';
import { remap } from '../machine/mapping/remap.js';
import type { Space } from '../machine/state/space.js';
import type { MapArg } from '../trace/args.js';
import type { EventBlock } from '../trace/block.js';
import { OP } from '../trace/op.js';
import type { ArgCache } from './args.js';
import type { Backed } from './backing.js';
import type { Discarding } from './discarding.js';
import type { ObjectEvents } from './object-events.js';
import { type Returned, SUCCESS } from './returned.js';

/** What events do to a space that is there, apart from touching its pages. The discard policy hears what it needs to know. */
export class SpaceEvents {
  constructor(
    private readonly machine: Machine,
    private readonly args: ArgCache,
    private readonly discarding: Discarding,
    private readonly backed: Backed | undefined,
    private readonly objects: ObjectEvents,
  ) {}

  /** Carries out an event. @throws InputError when it makes no sense */
  run(space: Space, block: EventBlock, row: number, op: number): Returned {
    const { machine: m, args, discarding } = this;
    const page = block.page[row]!;
    const count = block.count[row]!;
    switch (op) {
      case OP.fork:
        discarding.forked(space.id, fork(m, space, args.required('fork', block, row).child).id);
        break;
      case OP.exit:
        discarding.exited(space.id);
        exit(m, space);
        break;
      case OP.map:
        discarding.unmapped(space.id, page, count);
        this.map(space, page, count, args.required('map', block, row));
        break;
      case OP.unmap:
        discarding.unmapped(space.id, page, count);
        unmap(m, space, page, count);
        break;
      case OP.remap: {
        const arg = args.required('remap', block, row);
        if (arg.to !== undefined) discarding.unmapped(space.id, arg.to, count);
        remap(m, space, page, count, arg);
        if (arg.to !== undefined) discarding.moved(space.id, page, count, arg.to);
        break;
      }
      case OP.protect:
        protect(m, space, page, count, args.required('protect', block, row).protection);
        break;
      case OP.lock:
      case OP.unlock:
        setLocked(m, space, page, count, op === OP.lock);
        break;
      case OP.discard:
        discarding.discard({ space: space.id, page, count });
        break;
      case OP.unpin: {
        const regenNs = args.of('unpin', block, row)?.regenNs ?? 0;
        discarding.unpin({ space: space.id, page, count, regenNs });
        break;
      }
      case OP.pin:
        discarding.pin({ space: space.id, page, count });
        break;
      case OP.madvise:
        return madvise(m, space, page, count, args.required('madvise', block, row).advice);
      case OP.prctl: {
        const on = args.required('prctl', block, row).merge;
        return { errno: m.ksm.setMergeAny(space, on), value: 0 };
      }
      default:
        return this.objects.run(block, row, op);
    }
    return SUCCESS;
  }

  private map(space: Space, page: number, count: number, arg: MapArg): void {
    if (this.backed) this.backed.map(this.machine, space, page, count, arg);
    else map(this.machine, space, page, count, arg);
  }
}
