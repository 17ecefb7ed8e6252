import { BLOCK_EVENTS, type BlockBuilder, type EventBlock } from '../../harness/trace/block.js';
import type { Workload, WorkloadContext } from '../../harness/trace/source.js';
import { syntheticTrace } from '../common/synthetic.js';
import { type Actor, TimeQueue } from '../common/time-queue.js';
import { Elsewhere } from './elsewhere.js';
import { DISCARDABLE_PARAMETERS, MAX_IMAGES } from './parameters.js';
import { BROWSER } from './segments.js';
import { Tabs } from './tabs.js';

/** Events that one act adds at most: a tab hides its images, gives up those of an old one, and decodes new ones. */
const ACT_EVENTS = (1 + 2 + 6) * MAX_IMAGES + 2;

function* events(builder: BlockBuilder, context: WorkloadContext): Generator<EventBlock> {
  const tabs = new Tabs(builder, context);
  const space = BROWSER + (context.values.tabs as number) + 1;
  const elsewhere = new Elsewhere(builder, context.values, space, () => tabs.done);
  const queue = new TimeQueue<Actor & { act(): void }>([tabs, elsewhere]);
  for (let actor = queue.first; actor; actor = queue.first) {
    actor.act();
    queue.acted();
    if (builder.length > BLOCK_EVENTS - ACT_EVENTS) yield builder.take();
  }
  if (builder.length > 0) yield builder.take();
}

/** A browser's cache of decoded images, and another program that needs memory. */
export const discardable: Workload = {
  name: 'discardable',
  summary:
    'a browser\u2019s decoded images: unpinned while their tab is hidden, pinned when it comes to front, while memory is needed elsewhere',
  source:
    'sizes, numbers and decoding cost of the recorded browser (trace chromium-cache: 115 segments in 8 tabs of Chromium 156); popularity of tabs and the other program are assumed',
  parameters: DISCARDABLE_PARAMETERS,
  generate: (context) => syntheticTrace(context.seed, (builder) => events(builder, context)),
};
