import { BLOCK_EVENTS, type BlockBuilder, type EventBlock } from '../../harness/trace/block.js';
import { Ring } from '../../harness/trace/buffer-pool/clock-sweep.js';
import { BLOCK_PAGES, Database, POSTMASTER, STEP_EVENTS } from '../../harness/trace/buffer-pool/database.js';
import type { Workload, WorkloadContext } from '../../harness/trace/source.js';
import { syntheticTrace } from '../common/synthetic.js';
import { type Actor, TimeQueue } from '../common/time-queue.js';
import { BUFFERPOOL_PARAMETERS, RESIZES } from './parameters.js';
import { Tpcc } from './tpcc.js';

/** The space of the process that reads whole tables. */
const REPORTER = POSTMASTER + 1;
/** Each session of a client has a space of its own, from here on. */
const FIRST_CLIENT = REPORTER + 1;
/** Pages that a sort writes or reads at a time. */
const SORT_RUN = 16;
/** What an actor adds in one step, at most. */
const MOST_EVENTS = STEP_EVENTS + 1;

/** What all actors share. */
interface World {
  readonly builder: BlockBuilder;
  readonly database: Database;
  readonly tables: Tpcc;
  nextSpace: number;
}

/** Does one thing after another, without end. */
abstract class Process implements Actor {
  nextUs: number;
  private readonly script: Generator<void>;

  constructor(
    protected readonly world: World,
    readonly rank: number,
    startUs: number,
  ) {
    this.nextUs = startUs;
    this.script = this.run();
  }

  /** Steps of at most `MOST_EVENTS` events; before one ends, `nextUs` moves to the next. */
  protected abstract run(): Generator<void>;

  act(): void {
    this.script.next();
  }

  protected wait(us: number): void {
    this.nextUs += Math.max(1, Math.round(us));
  }
}

/** A draw from the exponential distribution. */
function exponential(mean: number, random: () => number): number {
  return -mean * Math.log(1 - random());
}

interface ClientPlan {
  readonly accessUs: number;
  readonly sessionUs: number;
  readonly awayUs: number;
  readonly sorts: number;
  /** First page of its section, and how many it has. */
  readonly section: number;
  readonly sectionPages: number;
  /** How long it stays and is away. */
  readonly sessions: () => number;
  readonly work: () => number;
}

/** A place for a client: connects, works, disconnects and gives its section back, and so on. */
class Client extends Process {
  private space = 0;
  /** Pages of the section that hold something. */
  private filled = 0;

  constructor(
    world: World,
    rank: number,
    private readonly plan: ClientPlan,
  ) {
    super(world, rank, Math.round(plan.awayUs * plan.sessions()));
  }

  protected *run(): Generator<void> {
    const { plan } = this;
    for (;;) {
      const endUs = this.nextUs + exponential(plan.sessionUs, plan.sessions);
      this.space = this.world.nextSpace++;
      this.world.database.connect(this.nextUs, this.space, 'client');
      yield;
      while (this.nextUs < endUs) {
        if (plan.work() < plan.sorts) yield* this.sort();
        for (const _ of this.world.tables.transaction(this.space, () => this.nextUs, plan.work))
          yield this.pause();
      }
      this.disconnect();
      yield this.wait(exponential(plan.awayUs, plan.sessions));
    }
  }

  /** Writes a part of the section, and reads it again. */
  private *sort(): Generator<void> {
    const pages = Math.ceil(this.plan.work() * this.plan.sectionPages);
    this.filled = Math.max(this.filled, pages);
    for (const write of [true, false]) {
      for (let done = 0; done < pages; done += SORT_RUN) {
        const count = Math.min(SORT_RUN, pages - done);
        this.world.builder.addTouch(this.nextUs, write, this.space, this.plan.section + done, count);
        yield this.pause();
      }
    }
  }

  /** What the client left in its section is of no use. */
  private disconnect(): void {
    const { builder, database } = this.world;
    const { section: page, sectionPages: count } = this.plan;
    if (this.filled > 0) builder.add(this.nextUs, 'discard', { space: this.space, page, count });
    this.filled = 0;
    database.disconnect(this.nextUs, this.space);
  }

  /** Half to one and a half times the mean. */
  private pause(): void {
    this.wait(this.plan.accessUs * (0.5 + this.plan.work()));
  }
}

/** Reads the largest table from start to end, again and again. */
class Reporter extends Process {
  constructor(
    world: World,
    rank: number,
    private readonly everyUs: number,
    private readonly accessUs: number,
    private readonly ringBuffers: number,
  ) {
    super(world, rank, 0);
  }

  protected *run(): Generator<void> {
    const { database, tables } = this.world;
    database.connect(this.nextUs, REPORTER, 'reporter');
    for (;;) {
      yield this.wait(this.everyUs);
      const ring = this.ringBuffers > 0 ? new Ring(this.ringBuffers) : undefined;
      for (let block = 0; block < tables.stockBlocks; block++) {
        database.read(this.nextUs, REPORTER, tables.stock, block, ring);
        yield this.wait(this.accessUs);
      }
    }
  }
}

/** Shrinks and grows the pool. */
class Resizer extends Process {
  constructor(
    world: World,
    rank: number,
    private readonly sizes: readonly number[],
    private readonly everyUs: number,
  ) {
    super(world, rank, Math.round(everyUs));
  }

  protected *run(): Generator<void> {
    for (let i = 0; ; i++) {
      const buffers = this.sizes[i % this.sizes.length]!;
      this.world.builder.add(this.nextUs, 'mark', { text: `pool of ${buffers} buffers` });
      // All steps at one moment: no buffer is used meanwhile.
      yield* this.world.database.resize(this.nextUs, buffers);
      yield this.wait(this.everyUs);
    }
  }
}

/** Sizes of the pool in buffers, one after the other; enough for all processes to hold one each. */
function poolSizes({ values }: WorkloadContext): { buffers: number; sizes: number[] } {
  const fewest = (values.clients as number) + 2;
  const buffers = Math.max(fewest, Math.floor((values.pool as number) / BLOCK_PAGES));
  const shares = RESIZES[values.resize as keyof typeof RESIZES];
  return { buffers, sizes: shares.map((share) => Math.max(fewest, Math.floor(buffers * share))) };
}

function* processes(world: World, context: WorkloadContext): Generator<Process> {
  const { values, random } = context;
  const number = (name: string) => values[name] as number;
  const { sizes } = poolSizes(context);
  if (sizes.length > 0) yield new Resizer(world, 0, sizes, number('resize_every_s') * 1e6);
  if (number('scan_every_s') > 0)
    yield new Reporter(world, 1, number('scan_every_s') * 1e6, number('access_us'), number('ring'));
  for (let client = 0; client < number('clients'); client++) {
    yield new Client(world, 2 + client, {
      accessUs: number('access_us'),
      sessionUs: number('session_s') * 1e6,
      awayUs: number('away_s') * 1e6,
      sorts: number('sorts'),
      section: world.database.morePage + client * number('section'),
      sectionPages: number('section'),
      sessions: random(`sessions/${client}`),
      work: random(`work/${client}`),
    });
  }
}

function* events(builder: BlockBuilder, context: WorkloadContext): Generator<EventBlock> {
  const { values } = context;
  const more = (values.clients as number) * (values.section as number);
  const database = new Database(builder, poolSizes(context).buffers, { more });
  database.start(0);
  const tables = new Tpcc(database, values.warehouses as number);
  const endUs = Math.round((values.duration_s as number) * 1e6);
  const world = { builder, database, tables, nextSpace: FIRST_CLIENT };
  const queue = new TimeQueue<Process>(processes(world, context));
  for (let actor = queue.first; actor && actor.nextUs <= endUs; actor = queue.first) {
    actor.act();
    queue.acted();
    if (builder.length > BLOCK_EVENTS - MOST_EVENTS) yield builder.take();
  }
  builder.add(endUs, 'mark', { text: 'end' });
  yield builder.take();
}

/** A database whose buffer pool is shared memory that it gives back in sections. */
export const bufferpool: Workload = {
  name: 'bufferpool',
  summary:
    'a database with a shared buffer pool: skewed transactions, scans, clients that come and go, a pool that shrinks and grows',
  source:
    'TPC-C 5.11 (transactions, NURand, row sizes) on a model of PostgreSQL 15\u2019s buffer manager; rates of the recorded traces postgresql and mariadb-resize; why sections are dropped: "drop a section of their bufferpool", patch MADV_REMOVE, 2005',
  parameters: BUFFERPOOL_PARAMETERS,
  generate: (context) => syntheticTrace(context.seed, (builder) => events(builder, context)),
};
