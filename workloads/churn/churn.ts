import type { BlockBuilder } from '../../harness/trace/block.js';
import type { Workload, WorkloadContext } from '../../harness/trace/source.js';
import { Scripted, scriptedEvents } from '../common/scripts.js';
import { syntheticTrace } from '../common/synthetic.js';

/** First page of the areas that chunks are allocated in: 4 GiB, away from page 0. */
const AREAS = 2 ** 20;
/** First page of the chunks that are read: 16 TiB, behind the largest areas, which end below page 2^31. */
const SOURCES = 2 ** 32;
/** Events that one step adds at most: the start of a process, whose sources are written at once. */
const STEP_EVENTS = 5;

/** One thread that allocates, and the memory it does so in. */
class Thread {
  private readonly space: number;
  /** The number of the thread in its process; absent where the process is one thread. */
  private readonly thread: { readonly thread?: number };
  private readonly areas: number;

  constructor(
    private readonly builder: BlockBuilder,
    private readonly context: WorkloadContext,
    private readonly index: number,
  ) {
    const shared = context.values.as === 'threads';
    this.space = shared ? 1 : index + 1;
    this.thread = shared ? { thread: index + 1 } : {};
    this.areas = AREAS + (shared ? index * this.number('chunks') * this.number('chunk_pages') : 0);
  }

  private number(name: string): number {
    return this.context.values[name] as number;
  }

  /** Allocates, fills and frees, round by round: the moment of each step. */
  *rounds(): Generator<number> {
    const holdUs = this.number('hold_us');
    const roundUs = holdUs + this.number('pause_us');
    const random = this.context.random(`thread/${this.index}`);
    const phaseUs = Math.floor(random() * roundUs);
    const count = this.number('chunk_pages');
    for (let round = 0; round < this.number('rounds'); round++) {
      const now = phaseUs + round * roundUs;
      yield now;
      const page = this.areas + Math.floor(random() * this.number('chunks')) * count;
      const source = SOURCES + Math.floor(random() * this.number('sources')) * count;
      if (this.number('sources') > 0) this.add(now, 'read', source);
      this.add(now, 'write', page);
      yield now + holdUs;
      this.add(now + holdUs, 'discard', page);
    }
  }

  private add(now: number, op: 'read' | 'write' | 'discard', page: number): void {
    const count = this.number('chunk_pages');
    this.builder.add(now, op, { space: this.space, ...this.thread, page, count });
  }
}

/** Starts the processes, and ends the trace. */
function* frame(builder: BlockBuilder, { values }: WorkloadContext): Generator<number> {
  const [threads, chunks, pages, sources] = ['threads', 'chunks', 'chunk_pages', 'sources'].map(
    (name) => values[name] as number,
  ) as [number, number, number, number];
  const processes = values.as === 'threads' ? 1 : threads;
  for (let space = 1; space <= processes; space++) {
    yield 0;
    builder.add(0, 'spawn', { space, text: `churn-${space}` });
    builder.add(0, 'map', {
      space,
      page: AREAS,
      count: (threads / processes) * chunks * pages,
      text: 'anon',
    });
    if (sources === 0) continue;
    builder.add(0, 'map', { space, page: SOURCES, count: sources * pages, text: 'anon' });
    builder.addTouch(0, true, space, SOURCES, sources * pages);
  }
  const endUs = lastUs(values);
  yield endUs;
  builder.add(endUs, 'mark', { text: 'end' });
}

/** When the last thread has surely freed its last chunk: they start within a round of each other. */
function lastUs(values: WorkloadContext['values']): number {
  return ((values.rounds as number) + 1) * ((values.hold_us as number) + (values.pause_us as number));
}

/** Another process that needs memory now and then, and gives it all up by munmap. */
function* bystander(builder: BlockBuilder, { values }: WorkloadContext): Generator<number> {
  const count = values.bystander_pages as number;
  const periodUs = values.bystander_us as number;
  const space = (values.threads as number) + 1;
  if (count === 0) return;
  yield 0;
  builder.add(0, 'spawn', { space, text: 'bystander' });
  for (let from = periodUs; from + periodUs <= lastUs(values); from += 2 * periodUs) {
    yield from;
    builder.add(from, 'map', { space, page: AREAS, count, text: 'anon' });
    builder.addTouch(from, true, space, AREAS, count);
    yield from + periodUs;
    builder.add(from + periodUs, 'unmap', { space, page: AREAS, count });
  }
}

function* scripts(builder: BlockBuilder, context: WorkloadContext): Generator<Scripted> {
  yield new Scripted(frame(builder, context), -2);
  yield new Scripted(bystander(builder, context), -1);
  for (let i = 0; i < (context.values.threads as number); i++)
    yield new Scripted(new Thread(builder, context, i).rounds(), i);
}

const US = { kind: 'integer', min: 0, max: 1e9 } as const;

/** Threads that allocate, write and free chunks of memory, over and over. */
export const churn: Workload = {
  name: 'churn',
  summary:
    'threads that allocate a chunk, copy something into it and free it, again and again, as allocators do',
  source:
    'ebizzy 0.3 (Henson 2007), which MADV_FREE was measured with; with threads=8,as=processes,chunk_pages=20480,rounds=100,chunks=1,sources=0 the benchmark of the volatile ranges patches for anonymous memory (Kim 2012, RFC v4)',
  parameters: {
    threads: {
      kind: 'integer',
      default: 8,
      min: 1,
      max: 256,
      meaning: 'threads that allocate (default: two for each of 4 CPUs, as ebizzy starts them)',
    },
    as: {
      kind: 'choice',
      default: 'threads',
      choices: ['threads', 'processes'],
      meaning: 'threads of one process, or a process each',
    },
    chunk_pages: {
      kind: 'integer',
      default: 128,
      min: 1,
      max: 2 ** 16,
      meaning: 'pages of a chunk (default: 512 KiB, ebizzy)',
    },
    rounds: { kind: 'integer', default: 200, min: 1, max: 1e6, meaning: 'chunks that a thread allocates' },
    chunks: {
      kind: 'integer',
      default: 4,
      min: 1,
      max: 64,
      meaning: 'slots in which the allocator of a thread places chunks, a random one each time (assumed)',
    },
    sources: {
      kind: 'integer',
      default: 10,
      min: 0,
      max: 1024,
      meaning:
        'chunks that stay in memory; a random one is read whole and copied each time (default: ebizzy -n 10; MADV_FREE was measured with -n 512)',
    },
    hold_us: {
      ...US,
      default: 1000,
      meaning: 'time from allocating a chunk to freeing it, in \u00b5s (assumed)',
    },
    pause_us: {
      ...US,
      default: 1000,
      meaning: 'time from freeing a chunk to allocating the next, in \u00b5s (assumed; ebizzy: none)',
    },
    bystander_pages: {
      kind: 'integer',
      default: 0,
      min: 0,
      max: 2 ** 28,
      meaning:
        'pages that another process maps, writes and unmaps again and again, so that freed memory is needed',
    },
    bystander_us: {
      ...US,
      min: 1,
      default: 50_000,
      meaning: 'time for which that process has its memory, and for which it has none, in \u00b5s',
    },
  },
  generate: (context) =>
    syntheticTrace(context.seed, (builder) =>
      scriptedEvents(builder, scripts(builder, context), STEP_EVENTS),
    ),
};
