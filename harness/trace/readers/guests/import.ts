import { InputError } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import { itemsOf } from '../../../base/parameters.js';
import { BLOCK_EVENTS, BlockBuilder, type EventBlock } from '../../block.js';
import { TraceMeta } from '../../meta.js';
import { CONTENT_LIMIT, COUNT_LIMIT } from '../../op.js';
import type { TraceSource } from '../../source.js';
import {
  type Detection,
  type EventReader,
  FIT,
  type InputFile,
  misfit,
  type ReaderInput,
} from '../reader.js';
import { detectForm, headLines } from '../scan/lines.js';
import { type GuestStep, type PowerSwitch, withRestarts } from './restarts.js';
import { CHANGED_PAGE, type ChangedPage, readSnapshots } from './snapshots.js';

/** First page of every guest's memory: 4 GiB, away from page 0. */
const BASE = 2 ** 20;
/** Room that a block must have left: a step adds at most three events, and so does the end. */
const MOST_EVENTS = 3;

/** What the memory of a guest is on its host: private anonymous, as in qemu by default, or a shared-memory file. */
const BACKINGS = ['anon', 'shmem'] as const;

interface GuestsOptions {
  /** Names of the guests, by their numbers in the snapshots. */
  readonly guests: readonly string[];
  /** Memory of each guest, in pages. */
  readonly pages: number;
  /** Seconds after the last snapshot until the trace ends, so that ksmd can settle. */
  readonly settleS: number;
  readonly backing: (typeof BACKINGS)[number];
  /** Seconds for which each guest in turn is off after the last snapshot; 0: all stay on. */
  readonly restartS: number;
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
  /** Whether what is written is no longer as it was recorded. */
  private restarting = false;

  constructor(private readonly options: GuestsOptions) {}

  start(): void {
    const { guests, pages, backing } = this.options;
    guests.forEach((name, guest) => {
      const memory = { space: guest + 1, page: BASE, count: pages };
      this.builder.add(0, 'spawn', { space: memory.space, text: name });
      if (backing === 'shmem') {
        this.builder.add(0, 'object', { count: pages, text: `shmem:${name}` });
        this.builder.add(0, 'map', { ...memory, text: `shared:${name}@0` });
      } else {
        this.builder.add(0, 'map', { ...memory, text: 'anon' });
        this.builder.add(0, 'madvise', { ...memory, text: 'MADV_MERGEABLE' });
      }
    });
  }

  /** Adds what happens next: at most three events. */
  step(step: GuestStep): void {
    if (step.timeS !== this.nowS) this.snapshotDone();
    this.nowS = step.timeS;
    if ('power' in step) this.switchPower(step);
    else this.change(step);
  }

  /** A guest that is off needs none of its memory. */
  private switchPower({ guest, power }: PowerSwitch): void {
    this.flush();
    const { guests, pages } = this.options;
    const now = this.nowS * 1e6;
    if (power === 'off') this.builder.add(now, 'discard', { space: guest + 1, page: BASE, count: pages });
    this.restarting = true;
    this.builder.add(now, 'mark', {
      text: `${guests[guest]} ${power === 'off' ? 'is shut down' : 'starts again'}`,
    });
  }

  private change(changed: ChangedPage): void {
    this.check(changed);
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
    const { settleS } = this.options;
    const since = this.restarting ? 'the last restart has ended' : 'the last snapshot';
    this.builder.add((this.nowS + settleS) * 1e6, 'mark', { text: `${settleS} s after ${since}` });
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
    if (this.restarting) return;
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
        `guest ${guest} has no name, expected guests 0 to ${guests.length - 1} (name more in guests:names=)`,
        place,
      );
    }
    if (page >= pages)
      throw new InputError(
        `page ${page} is outside the guest's memory of ${pages} pages (guests:pages=)`,
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
 * Makes a trace of snapshots of the memory of guests (`SECONDS GUEST PAGE CONTENT` lines, changed pages only): each guest is a
 * space with one mapping, of anonymous memory that may be merged or of a shared-memory file, and what changed between two
 * snapshots is written when the later one was taken. Writes between snapshots, and all reads, are unknown. With restarts
 * the trace is composed: a guest that goes off gives all of its memory back, and is written again as it was recorded.
 *
 * @throws InputError with the line that is wrong
 */
function events(input: InputFile, options: GuestsOptions): TraceSource {
  const writer = new GuestsWriter(options);
  const meta = new TraceMeta([
    ['page_size', String(PAGE_BYTES)],
    ['clock', 'microseconds since the guests started; a change is at the snapshot that shows it'],
    ['provenance', options.restartS > 0 ? 'composed' : 'recorded'],
    ['provenance.touches', 'inferred'],
  ]);
  async function* blocks(): AsyncGenerator<EventBlock> {
    writer.start();
    const { guests, restartS } = options;
    const recording = readSnapshots(input);
    for await (const step of restartS > 0 ? withRestarts(recording, guests.length, restartS) : recording) {
      writer.step(step);
      if (writer.builder.length > BLOCK_EVENTS - MOST_EVENTS) yield writer.builder.take();
    }
    writer.end();
    yield writer.builder.take();
  }
  return { meta, strings: writer.builder.strings, blocks };
}

async function open(input: ReaderInput): Promise<TraceSource> {
  const { names, pages, settle, backing, restart } = input.values;
  return events(input, {
    guests: itemsOf(names),
    pages: Number(pages),
    settleS: Number(settle),
    backing: backing as GuestsOptions['backing'],
    restartS: Number(restart),
  });
}

/** Four numbers are of many formats: of snapshots, pages that changed have the same time, and go up for each guest. */
function detect(head: Uint8Array): Detection {
  const form = detectForm(head, CHANGED_PAGE, FIT.possible, 'SECONDS GUEST PAGE CONTENT');
  if (form.fit === FIT.none) return form;
  let [lastTime, lastGuest, lastPage] = [-1, -1, -1];
  let together = false;
  const lines = headLines(head);
  for (const { number, text, start } of lines) {
    const [time, guest, page] = text.split(' ').map(Number) as [number, number, number];
    const same = time === lastTime && guest === lastGuest;
    if (time < lastTime || (same && page <= lastPage))
      return misfit(`line ${number} has a page out of order, expected them by time, guest and page`, start);
    together ||= time === lastTime;
    [lastTime, lastGuest, lastPage] = [time, guest, page];
  }
  if (together || lines.length === 1) return form;
  return misfit(
    'line 2 has another time than line 1, expected the pages of a snapshot to have one',
    lines[1]!.start,
  );
}

export const guests: EventReader = {
  yields: 'events',
  name: 'guests',
  summary:
    'snapshots of the memory of virtual machines: SECONDS GUEST PAGE CONTENT per line, changed pages only; equal contents have equal numbers, 0 is the zero page',
  source: 'harness/trace/readers/README.md',
  extensions: [],
  parameters: {
    names: {
      kind: 'list',
      default: '',
      item: /^[A-Za-z0-9._-]+$/,
      example: 'base+web',
      required: true,
      meaning: 'names of the guests, by their numbers',
    },
    pages: {
      kind: 'size',
      default: 65_536,
      max: COUNT_LIMIT,
      meaning: 'SIZE of the memory of each guest (256 MiB)',
    },
    settle: {
      kind: 'integer',
      default: 600,
      min: 0,
      max: 1e6,
      meaning: 'seconds after the last snapshot until the trace ends, so that ksmd can settle',
    },
    backing: {
      kind: 'choice',
      default: 'anon',
      choices: BACKINGS,
      meaning: 'what the memory of guests is on the host: private anonymous, or a shared-memory file',
    },
    restart: {
      kind: 'integer',
      default: 0,
      min: 0,
      max: 1e6,
      meaning: 'seconds for which each guest in turn is off after the last snapshot; 0: all stay on',
    },
  },
  sides: {},
  detect,
  open,
};
