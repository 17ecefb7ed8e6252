import type { BlockBuilder } from '../../harness/trace/block.js';
import type { Workload, WorkloadContext } from '../../harness/trace/source.js';
import { shuffled } from '../common/draws.js';
import { Scripted, scriptedEvents } from '../common/scripts.js';
import { syntheticTrace } from '../common/synthetic.js';
import { type GuestPages, guestPages } from './memory.js';
import { GUESTS_PARAMETERS, MAX_RUN_PAGES } from './parameters.js';
import { type GuestPlan, GuestScript } from './script.js';

/** Events that one step adds at most: a run is cut where parts meet and where contents begin again, at worst by page. */
const STEP_EVENTS = 4 * MAX_RUN_PAGES;
/** What a trace need not set. */
const DEFAULT_STRUCT_PAGE_BYTES = 64;

/** When what happens to all guests happens, in µs. */
interface Times {
  readonly bootedUs: number;
  readonly lateUs: number;
  readonly endUs: number;
}

function times({ values }: WorkloadContext): Times {
  const seconds = (name: string) => (values[name] as number) * 1e6;
  const bootedUs = Math.round(((values.guests as number) - 1) * seconds('skew_s') + seconds('boot_s'));
  const lateUs = bootedUs + Math.round(values.late === 0 ? 0 : seconds('late_s'));
  return { bootedUs, lateUs, endUs: lateUs + Math.round(seconds('steady_s')) };
}

/** What belongs to no guest: the image, and marks. */
function* surroundings(
  builder: BlockBuilder,
  { values }: WorkloadContext,
  pages: GuestPages,
  { bootedUs, lateUs, endUs }: Times,
): Generator<number> {
  yield 0;
  if (values.struct_page_bytes !== DEFAULT_STRUCT_PAGE_BYTES)
    builder.add(0, 'set', { text: `mm.struct_page_bytes=${values.struct_page_bytes}` });
  const kinds: Readonly<Record<string, string>> = { copies: 'file', 'xip-struct': 'xip+struct' };
  const kind = kinds[values.image as string] ?? values.image;
  if (pages.image > 0 && (values.image !== 'copies' || values.disk_reads === 1))
    builder.add(0, 'object', { count: pages.image, text: `${kind}:image =1+` });
  yield bootedUs;
  builder.add(bootedUs, 'mark', { text: 'all guests have booted' });
  if (pages.late > 0) {
    yield lateUs;
    builder.add(lateUs, 'mark', { text: 'late pages of the image become equal' });
  }
  yield endUs;
  builder.add(endUs, 'mark', { text: 'end' });
}

function guestPlan(context: WorkloadContext, pages: GuestPages, when: Times, guest: number): GuestPlan {
  const { values, random } = context;
  return {
    guest,
    pages,
    run: values.run as number,
    image: values.image as GuestPlan['image'],
    diskReads: values.disk_reads === 1,
    sharedMapping: values.mapping === 'shared',
    advice: values.advice as GuestPlan['advice'],
    startUs: Math.round(guest * (values.skew_s as number) * 1e6),
    bootUs: (values.boot_s as number) * 1e6,
    lateUs: when.lateUs,
    endUs: when.endUs,
    rewritesPerS: values.rewrites_per_s as number,
    imageWrites: values.image_writes as number,
    placementRandom: random(`placement/${guest}`),
    rewriteRandom: random(`rewrites/${guest}`),
  };
}

/** The scripts of all guests, and of what surrounds them. */
function* scripts(builder: BlockBuilder, context: WorkloadContext): Generator<Scripted> {
  const { values, random } = context;
  const share = (name: string) => values[name] as number;
  const pages = guestPages({
    memory: share('memory'),
    untouched: share('untouched'),
    zeroed: share('zeroed'),
    overlap: share('overlap'),
    duplicates: share('duplicates'),
    volatile: share('volatile'),
    late: values.image === 'copies' ? share('late') : 0,
    balloon: share('balloon'),
  });
  const when = times(context);
  yield new Scripted(surroundings(builder, context, pages, when), -1);
  const same = values.boot_order === 'same' ? random('boot order') : undefined;
  const runs = Math.ceil((pages.image + pages.own + pages.zeroed) / (values.run as number));
  const sameOrder = same && shuffled(runs, same);
  for (let guest = 0; guest < (values.guests as number); guest++) {
    const order = sameOrder ?? shuffled(runs, random(`boot order/${guest}`));
    const script = new GuestScript(builder, guestPlan(context, pages, when, guest), order);
    yield new Scripted(script.steps(), guest);
  }
}

/** Virtual machines on one host, with memory that is partly equal. */
export const guests: Workload = {
  name: 'guests',
  summary:
    'virtual machines that boot from one image and run: equal, zero, own and rewritten pages, for merging and XIP',
  source:
    'shares and rates of the recorded guests (trace guests-debian: 3 guests of 256 MiB, 84064 of 196608 pages written, 83762 of them not zero at the end)',
  parameters: GUESTS_PARAMETERS,
  generate: (context) =>
    syntheticTrace(context.seed, (builder) =>
      scriptedEvents(builder, scripts(builder, context), STEP_EVENTS),
    ),
};
