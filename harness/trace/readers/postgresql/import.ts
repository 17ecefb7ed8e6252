import { PAGE_BYTES } from '../../../base/page.js';
import { BLOCK_EVENTS, BlockBuilder, type EventBlock } from '../../block.js';
import { BLOCK_PAGES, Database, POSTMASTER, STEP_EVENTS } from '../../buffer-pool/database.js';
import { decodedBytes, inputName } from '../../io/input.js';
import { TraceMeta } from '../../meta.js';
import type { TraceSource } from '../../source.js';
import { type Access, type Accesses, readAccesses } from './accesses.js';

/** A change of the number of buffers in mid-trace. PostgreSQL has none: what it is applied to becomes composed. */
export interface PoolResize {
  /** µs since the first access. */
  readonly timeUs: number;
  readonly buffers: number;
}

export interface PostgresqlOptions {
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

/**
 * Imports page accesses of PostgreSQL: who used which block, when. A model of its buffer pool, empty at first, decides
 * where blocks are, which are hits, and what is read from and written to files. Backends start with their first access
 * and do not end. The recording is held in memory, 21 bytes an access.
 *
 * @throws InputError with the line and column that is wrong, or for a pool too small for its backends
 */
export async function importPostgresql(
  path: string,
  options: PostgresqlOptions,
  bytes: AsyncIterable<Uint8Array> = decodedBytes(path),
): Promise<TraceSource> {
  const accesses = await readAccesses(bytes, inputName(path));
  const events = new PostgresqlEvents(accesses, options);
  return {
    meta: metadata(options),
    strings: events.builder.strings,
    blocks: () => events.blocks(),
    summary: () => {
      const { recorded, same } = events.agreement;
      return `the model finds blocks as recorded in ${same} of ${recorded} uses (${((100 * same) / recorded).toFixed(1)} %)`;
    },
  };
}
