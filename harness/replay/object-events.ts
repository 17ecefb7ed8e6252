import { InputError } from '../base/errors.js';
import { fallocateBlocks } from '../machine/advice/allocate.js';
import { fallocatePunch } from '../machine/advice/punch.js';
import type { Machine } from '../machine/machine.js';
import { UNIQUE } from '../machine/memory/contents.js';
import { readFilePages, writeFilePages } from '../machine/object/file-io.js';
import { closeObject, declareObject, truncateObject } from '../machine/object/lifetime.js';
import { migrate } from '../machine/object/migrate.js';
import { writeBack } from '../machine/reclaim/writeback.js';
import type { EventBlock } from '../trace/block.js';
import { HAS, OP, OPS } from '../trace/op.js';
import type { ArgCache } from './args.js';
import type { Backed } from './backing.js';
import type { Discarding } from './discarding.js';
import { type Returned, SUCCESS } from './returned.js';

/** What events do to objects, and to files through descriptors; made by a space or by nobody in particular. */
export class ObjectEvents {
  constructor(
    private readonly machine: Machine,
    private readonly args: ArgCache,
    private readonly discarding: Discarding,
    private readonly backed: Backed | undefined,
  ) {}

  /** Carries out an event. @throws InputError for an object that is not there, or cannot do this */
  run(block: EventBlock, row: number, op: number): Returned {
    const { machine: m, args } = this;
    const page = block.page[row]!;
    const count = block.count[row]!;
    switch (op) {
      case OP.object:
        this.declare(block, row, count);
        break;
      case OP.close:
        this.close(args.required('close', block, row).name);
        break;
      case OP.truncate:
        truncateObject(m, m.objects.named(args.required('truncate', block, row).name), count);
        break;
      case OP.sync:
        writeBack(m, m.objects.named(args.required('sync', block, row).name));
        break;
      case OP.migrate: {
        const { name, target } = args.required('migrate', block, row);
        migrate(m, m.objects.named(name), page, count, target === 'cache');
        break;
      }
      case OP.fallocate:
        return this.fallocate(block, row, page, count);
      case OP.pread:
        readFilePages(m, m.objects.named(args.required('pread', block, row).name), page, count);
        break;
      case OP.pwrite:
        this.write(block, row, page, count);
        break;
      default:
        throw new InputError(`${OPS[op]!.name} is not modelled by this version`);
    }
    return SUCCESS;
  }

  private declare(block: EventBlock, row: number, pages: number): void {
    const arg = this.args.required('object', block, row);
    if (this.backed) this.backed.declare(this.machine, pages, arg);
    else declareObject(this.machine, pages, arg);
  }

  private close(name: string): void {
    if (this.backed) this.backed.close(this.machine, name);
    else closeObject(this.machine, name);
  }

  private fallocate(block: EventBlock, row: number, page: number, count: number): Returned {
    const { mode, name, bytes } = this.args.required('fallocate', block, row);
    const m = this.machine;
    const object = m.objects.named(name);
    const { descriptor } = object.options;
    if (mode !== 'punch')
      return fallocateBlocks(m, object, page, count, { descriptor, zero: mode === 'zero' });
    const range = bytes && { offset: bytes.start, length: bytes.length };
    return fallocatePunch(m, object, page, count, { descriptor, bytes: range });
  }

  private write(block: EventBlock, row: number, page: number, count: number): void {
    const m = this.machine;
    const object = m.objects.named(this.args.required('pwrite', block, row).name);
    if (this.discarding.watching) this.discarding.beforeFileWrite(object, page, count);
    const bits = block.fields[row]!;
    const content = bits & HAS.content ? block.content[row]! : UNIQUE;
    writeFilePages(m, object, page, count, content, bits & HAS.contentUp ? 1 : 0);
  }
}
