import type { BlockBuilder, EventBlock } from '../../harness/trace/block.js';
import type { Workload, WorkloadContext } from '../../harness/trace/source.js';
import { AliasTable, shuffled } from '../common/draws.js';
import { syntheticTrace } from '../common/synthetic.js';

/** First page of the mapping: 64 GiB, away from page 0. */
const BASE = 2 ** 24;
const SPACE = 1;

function* events(builder: BlockBuilder, context: WorkloadContext): Generator<EventBlock> {
  const { values } = context;
  const pages = values.pages as number;
  const total = values.events as number;
  const writes = values.writes as number;
  const intervalUs = values.interval_us as number;
  const table = new AliasTable(pages, values.skew as number);
  // Popular pages lie scattered, as in real memory.
  const pageOf = shuffled(pages, context.random('placement'));
  const access = context.random('access');
  const kind = context.random('kind');
  builder.add(0, 'spawn', { space: SPACE });
  builder.add(0, 'map', { space: SPACE, page: BASE, count: pages, text: 'anon' });
  for (let i = 0; i < total; i++) {
    if (builder.full) yield builder.take();
    const page = BASE + pageOf[table.draw(access)]!;
    builder.addTouch((i + 1) * intervalUs, kind() < writes, SPACE, page, 1);
  }
  if (builder.length > 0) yield builder.take();
}

/** Independent accesses to one anonymous mapping, popular pages by Zipf's law. */
export const zipf: Workload = {
  name: 'zipf',
  summary: 'independent reads and writes of one anonymous mapping, popularity by Zipf\u2019s law',
  source:
    'the access pattern replacement policies are compared on; skew 0.99 is the default of YCSB (Cooper et al. 2010)',
  parameters: {
    pages: {
      kind: 'integer',
      default: 262_144,
      min: 1,
      max: 2 ** 28,
      meaning: 'pages of the mapping (default: 1 GiB)',
    },
    events: { kind: 'integer', default: 4_000_000, min: 1, max: 2 ** 40, meaning: 'accesses, one page each' },
    skew: {
      kind: 'number',
      default: 0.99,
      min: 0,
      max: 10,
      meaning: 'exponent of Zipf\u2019s law; 0 is uniform',
    },
    writes: { kind: 'number', default: 0.3, min: 0, max: 1, meaning: 'share of accesses that write' },
    interval_us: {
      kind: 'integer',
      default: 1,
      min: 0,
      max: 1e9,
      meaning: 'time between accesses, in \u00b5s',
    },
  },
  generate: (context) => syntheticTrace(context.seed, (builder) => events(builder, context)),
};
