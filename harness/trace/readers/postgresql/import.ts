import { InputError } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import { itemsOf, type ParameterValues } from '../../../base/parameters.js';
import { parseSize } from '../../../base/size.js';
import { BLOCK_EVENTS, BlockBuilder, type EventBlock } from '../../block.js';
import { BLOCK_BYTES, BLOCK_PAGES, Database, POSTMASTER, STEP_EVENTS } from '../../buffer-pool/database.js';
import { TraceMeta } from '../../meta.js';
import { COUNT_LIMIT } from '../../op.js';
import type { TraceSource } from '../../source.js';
import { type EventReader, FIT, type ReaderInput } from '../reader.js';
import { detectForm } from '../scan/lines.js';
import { ACCESS, type Access, type Accesses, readAccesses } from './accesses.js';

/** A change of the number of buffers in mid-trace. PostgreSQL has none: what it is applied to becomes composed. */
interface PoolResize {
  /** µs since the first access. */
  readonly timeUs: number;
  readonly buffers: number;
}

interface PostgresqlOptions {
  /** Buffers of 8 KiB that the pool has at first. */
  readonly buffers: number;
  /** By time. */
  readonly resizes: readonly PoolResize[];
}

/** Spaces of backends follow that of the postmaster. */
const FIRST_BACKEND = POSTMASTER + 1;
/** Events of an access whose backend starts with it: a mark or a resize has none before it in the same step. */
const MOST_EVENTS = STEP_EVENTS + 2;

/** How often the model finds a block where the recording found it. */
interface Agreement {
  recorded: number;
  same: number;
}

/** Plays recorded accesses on the model of a buffer pool. */
class PostgresqlEvents {
  readonly builder = new BlockBuilder();
  readonly agreement: Agreement = { recorded: 0, same: 0 };
  private readonly database: Database;
  private readonly started = new Set<number>();

  constructor(
    private readonly accesses: Accesses,
    private readonly options: PostgresqlOptions,
  ) {
    const most = Math.max(options.buffers, ...options.resizes.map(({ buffers }) => buffers));
    this.database = new Database(this.builder, most, { size: options.buffers });
  }

  *blocks(): Generator<EventBlock> {
    yield* this.start();
    let next = 0;
    let lastUs = 0;
    const { resizes } = this.options;
    for (const access of this.accesses.inOrder()) {
      for (; next < resizes.length && resizes[next]!.timeUs <= access.timeUs; next++)
        yield* this.resize(resizes[next]!);
      if (this.builder.length > BLOCK_EVENTS - MOST_EVENTS) yield this.builder.take();
      this.access(access);
      lastUs = access.timeUs;
    }
    if (this.builder.full) yield this.builder.take();
    this.builder.add(lastUs, 'mark', { text: 'end' });
    yield this.builder.take();
  }

  private *start(): Generator<EventBlock> {
    this.database.start(0);
    for (const { name, blocks } of this.accesses.files()) {
      if (this.builder.full) yield this.builder.take();
      this.database.addRelation(0, name, blocks);
    }
  }

  private *resize({ timeUs, buffers }: PoolResize): Generator<EventBlock> {
    if (this.builder.length > BLOCK_EVENTS - MOST_EVENTS) yield this.builder.take();
    this.builder.add(timeUs, 'mark', { text: `pool of ${buffers} buffers` });
    for (const _ of this.database.resize(timeUs, buffers))
      if (this.builder.length > BLOCK_EVENTS - MOST_EVENTS) yield this.builder.take();
  }

  private access({ timeUs, kind, backend, file, block }: Access): void {
    const { database } = this;
    const space = FIRST_BACKEND + backend;
    if (!this.started.has(space)) {
      this.started.add(space);
      database.connect(timeUs, space, `backend ${this.accesses.backends[backend]}`);
    }
    if (kind === 'd') database.write(timeUs, space, file, block);
    else if (kind === 'x') database.extend(timeUs, space, file, block);
    else {
      const { hits } = database.counts;
      database.read(timeUs, space, file, block);
      const hit = database.counts.hits > hits;
      this.agreement.recorded++;
      if (hit === (kind === 'h')) this.agreement.same++;
    }
  }
}

function metadata({ buffers, resizes }: PostgresqlOptions): TraceMeta {
  const composed = resizes.length > 0;
  const meta = new TraceMeta([
    ['page_size', String(PAGE_BYTES)],
    ['clock', 'microseconds since the first page access'],
    ['provenance', composed ? 'composed' : 'recorded'],
    ['provenance.accesses', 'recorded'],
    ['provenance.placement', 'inferred'],
    ['provenance.file-io', 'inferred'],
  ]);
  if (composed) meta.set('provenance.resizes', 'composed');
  const size = `${buffers} buffers (${buffers * BLOCK_PAGES} pages)`;
  meta.set(
    'note',
    `a model of the buffer pool of ${size} decides which buffer a block is in, and what is read and written`,
  );
  return meta;
}

/** Buffers in a number of pages. @throws InputError where it is not even one */
function buffersIn(pages: number, text: string): number {
  const buffers = Math.floor(pages / BLOCK_PAGES);
  if (buffers >= 1 && pages <= COUNT_LIMIT) return buffers;
  throw new InputError(
    `${text} is not the size of a buffer pool, expected at least one block of ${BLOCK_BYTES} bytes and at most ${COUNT_LIMIT} pages`,
  );
}

/** A change of the pool as it is given: `SECONDS:SIZE`. */
function parseResize(text: string): PoolResize {
  const colon = text.indexOf(':');
  const size = parseSize(text.slice(colon + 1), PAGE_BYTES);
  const pages = size.kind === 'pages' ? size.pages : 0;
  return {
    timeUs: Math.round(Number(text.slice(0, colon)) * 1e6),
    buffers: buffersIn(pages, `"${text}" in resize`),
  };
}

function optionsOf({ shared_buffers: pages, resize }: ParameterValues): PostgresqlOptions {
  return {
    buffers: buffersIn(Number(pages), `shared_buffers=${pages}`),
    resizes: itemsOf(resize)
      .map(parseResize)
      .sort((a, b) => a.timeUs - b.timeUs),
  };
}

/** @throws InputError with the file where its accesses do not fit into the pool */
function* blocksOf(events: PostgresqlEvents, file: string): Generator<EventBlock> {
  try {
    yield* events.blocks();
  } catch (error) {
    throw error instanceof InputError ? error.at({ file }) : error;
  }
}

/**
 * Opens page accesses of PostgreSQL as a trace: which process used which block, when. A model of its buffer pool, empty at first, decides
 * where blocks are, which are hits, and what is read from and written to files. Backends start with their first access
 * and do not end. The recording is held in memory, 21 bytes an access.
 *
 * @throws InputError with the line and column that is wrong, or for a pool too small for its backends
 */
async function open(input: ReaderInput): Promise<TraceSource> {
  const options = optionsOf(input.values);
  const accesses = await readAccesses(input);
  const events = new PostgresqlEvents(accesses, options);
  return {
    meta: metadata(options),
    strings: events.builder.strings,
    blocks: () => blocksOf(events, input.file),
    summary: () => {
      const { recorded, same } = events.agreement;
      return `the model finds blocks as recorded in ${same} of ${recorded} uses (${((100 * same) / recorded).toFixed(1)} %)`;
    },
  };
}

export const postgresql: EventReader = {
  yields: 'events',
  name: 'postgresql',
  summary:
    'page accesses of PostgreSQL: MICROSECONDS PROCESS h|m|x|d RELATION FORK BLOCK per line, microseconds since the line before; played on a model of its buffer pool',
  source: 'harness/trace/readers/README.md',
  extensions: [],
  parameters: {
    shared_buffers: {
      kind: 'size',
      default: 16_384,
      max: COUNT_LIMIT,
      meaning: 'SIZE of the buffer pool at first (64 MiB)',
    },
    resize: {
      kind: 'list',
      default: '',
      item: /^\d+(\.\d{1,6})?:.+$/,
      example: '60:32MiB+120:64MiB',
      required: false,
      meaning: 'changes of that size, SECONDS:SIZE each',
    },
  },
  sides: {},
  detect: (head) => detectForm(head, ACCESS, FIT.certain, 'MICROSECONDS PROCESS h|m|x|d RELATION FORK BLOCK'),
  open,
};
