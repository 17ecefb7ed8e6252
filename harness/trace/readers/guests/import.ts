import { InputError } from '../../../input/errors.js';
import { BLOCK_EVENTS, BlockBuilder, type EventBlock } from '../../block.js';
import { decodedBytes, inputName } from '../../io/input.js';
import { TraceMeta } from '../../meta.js';
import { CONTENT_LIMIT } from '../../op.js';
import type { TraceSource } from '../../source.js';
import { type ChangedPage, readSnapshots } from './snapshots.js';

/** First page of every guest's memory: 4 GiB, away from page 0. */
const BASE = 2 ** 20;
/** Room that a block must have left: a page adds at most two events, the end three. */
const MOST_EVENTS = 3;

export interface GuestsOptions {
  /** Names of the guests, by their numbers in the snapshots. */
  readonly guests: readonly string[];
  /** Memory of each guest, in pages. */
  readonly pages: number;
  /** Seconds after the last snapshot until the trace ends, so that ksmd can settle. */
  readonly settleS: number;
}

/** Consecutive pages whose contents are equal or rise by one: one write event. */
interface Run {
  readonly timeS: number;
  readonly guest: number;
  readonly page: number;
  readonly content: number;
  count: number;
  /** Undefined as long as the run is one page. */
  up: boolean | undefined;
}

/** Writes the events of the snapshots of guests, one after another. */
class GuestsWriter {
  readonly builder = new BlockBuilder();
  /** Ids of the trace by those of the recording: dense, in order of first appearance; zero stays zero. */
  private readonly ids = new Map([[0, 0]]);
  private run: Run | undefined;
  private nowS = 0;
  private snapshots = 0;

  constructor(private readonly options: GuestsOptions) {}

  start(): void {
    const { guests, pages } = this.options;
    guests.forEach((name, guest) => {
      const space = guest + 1;
      this.builder.add(0, 'spawn', { space, text: name });
      this.builder.add(0, 'map', { space, page: BASE, count: pages, text: 'anon' });
      this.builder.add(0, 'madvise', { space, page: BASE, count: pages, text: 'MADV_MERGEABLE' });
    });
  }

  /** Adds a page: at most two events. */
  change(changed: ChangedPage): void {
    this.check(changed);
    if (changed.timeS !== this.nowS) this.snapshotDone();
    this.nowS = changed.timeS;
    const content = this.idOf(changed);
    if (this.run && extend(this.run, changed, content)) return;
    this.flush();
    this.run = {
      timeS: changed.timeS,
      guest: changed.guest,
      page: changed.page,
      content,
      count: 1,
      up: undefined,
    };
  }

  end(): void {
    this.snapshotDone();
    const settledUs = (this.nowS + this.options.settleS) * 1e6;
    this.builder.add(settledUs, 'mark', { text: `${this.options.settleS} s after the last snapshot` });
  }

  /** Writes the run that is being collected. */
  private flush(): void {
    if (!this.run) return;
    const { timeS, guest, page, count, content, up } = this.run;
    const fields = { space: guest + 1, page: BASE + page, count, content };
    this.builder.add(timeS * 1e6, 'write', up ? { ...fields, contentUp: true } : fields);
    this.run = undefined;
  }

  private snapshotDone(): void {
    if (!this.run) return;
    this.flush();
    this.snapshots++;
    this.builder.add(this.nowS * 1e6, 'mark', { text: `snapshot ${this.snapshots} (${this.nowS} s)` });
  }

  private idOf(changed: ChangedPage): number {
    const known = this.ids.get(changed.content);
    if (known !== undefined) return known;
    const id = this.ids.size;
    if (id >= CONTENT_LIMIT)
      throw new InputError(`too many contents, expected fewer than ${CONTENT_LIMIT}`, changed.place);
    this.ids.set(changed.content, id);
    return id;
  }

  private check({ guest, page, place }: ChangedPage): void {
    const { guests, pages } = this.options;
    if (guest >= guests.length) {
      throw new InputError(
        `guest ${guest} has no name, expected guests 0 to ${guests.length - 1} (name more with --guests)`,
        place,
      );
    }
    if (page >= pages)
      throw new InputError(
        `page ${page} is outside the guest's memory of ${pages} pages (--guest-pages)`,
        place,
      );
  }
}

/** Makes a run a page longer, if the page continues it. */
function extend(run: Run, changed: ChangedPage, content: number): boolean {
  const next = changed.guest === run.guest && changed.page === run.page + run.count;
  if (!next || changed.timeS !== run.timeS) return false;
  const equal = content === run.content && run.up !== true;
  // The zero page starts no rising run: a reader of the trace should see zeros as =0.
  const rising = content === run.content + run.count && run.up !== false && run.content !== 0;
  if (!equal && !rising) return false;
  run.up = !equal;
  run.count++;
  return true;
}

/**
 * Imports snapshots of the memory of guests (`SECONDS GUEST PAGE CONTENT` lines, changed pages only): each guest is a
 * space with one anonymous mapping that may be merged, and what changed between two snapshots is written when the later
 * one was taken. Writes between snapshots, and all reads, are unknown.
 *
 * @throws InputError with the line that is wrong
 */
export function importGuests(
  path: string,
  options: GuestsOptions,
  bytes: AsyncIterable<Uint8Array> = decodedBytes(path),
): TraceSource {
  const writer = new GuestsWriter(options);
  const meta = new TraceMeta([
    ['page_size', '4096'],
    ['clock', 'microseconds since the guests started; a change is at the snapshot that shows it'],
    ['provenance', 'recorded'],
    ['provenance.touches', 'inferred'],
  ]);
  async function* blocks(): AsyncGenerator<EventBlock> {
    writer.start();
    for await (const changed of readSnapshots(bytes, inputName(path))) {
      writer.change(changed);
      if (writer.builder.length > BLOCK_EVENTS - MOST_EVENTS) yield writer.builder.take();
    }
    writer.end();
    yield writer.builder.take();
  }
  return { meta, strings: writer.builder.strings, blocks };
}
