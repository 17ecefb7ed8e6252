import type { BlockBuilder } from '../../harness/trace/block.js';
import type { Workload, WorkloadContext } from '../../harness/trace/source.js';
import { Scripted, scriptedEvents } from '../common/scripts.js';
import { syntheticTrace } from '../common/synthetic.js';
import { HostedGuest, type HostedGuestPlan } from './guest.js';
import { UML_PARAMETERS } from './parameters.js';

/** Events that one step of a guest adds at most: its start. */
const STEP_EVENTS = 4;

function guestPlan({ values, random }: WorkloadContext, guest: number): HostedGuestPlan {
  const number = (name: string) => values[name] as number;
  const us = (name: string) => Math.round(number(name) * 1e6);
  return {
    guest,
    memory: number('memory'),
    workingSet: Math.round(number('memory') * number('working_set')),
    how: values.how as HostedGuestPlan['how'],
    section: number('section'),
    piece: number('piece'),
    leastBlock: 1 << number('order'),
    unmovable: number('unmovable'),
    given: number('given'),
    startUs: guest * us('skew_s'),
    bootUs: us('boot_s'),
    busyUs: us('busy_s'),
    idleUs: us('idle_s'),
    changeUs: us('change_s'),
    cycles: number('cycles'),
    touchesPerS: number('touches_per_s'),
    touchPages: number('touch_pages'),
    writes: number('writes'),
    spareTouches: number('spare_touches'),
    placementRandom: random(`placement/${guest}`),
    choiceRandom: random(`choice/${guest}`),
    touchRandom: random(`touches/${guest}`),
  };
}

function* end(builder: BlockBuilder, endUs: number): Generator<number> {
  yield endUs;
  builder.add(endUs, 'mark', { text: 'end' });
}

function* scripts(builder: BlockBuilder, context: WorkloadContext): Generator<Scripted> {
  const count = context.values.guests as number;
  let endUs = 0;
  for (let i = 0; i < count; i++) {
    const guest = new HostedGuest(builder, guestPlan(context, i));
    endUs = Math.max(endUs, guest.endUs);
    // What it gives back it touches no more: its memory changes first.
    yield new Scripted(guest.memory(), 2 * i);
    yield new Scripted(guest.touches(), 2 * i + 1);
  }
  yield new Scripted(end(builder, endUs), 2 * count);
}

/** Guests whose memory is a shared-memory file of their host process, and which give parts of it back. */
export const umlHotplug: Workload = {
  name: 'uml-hotplug',
  summary:
    'guests in shared memory that give back what they do not need: by hot-unplug, a balloon or free-page reporting',
  source:
    'Pulavarty 2005, "madvise(MADV_REMOVE)": "useful for supporting hot-plug memory on UML", whose memory is a tmpfs file; balloon and reporting as virtio_balloon does them; firecracker-microvm/firecracker#6167 for MADV_DONTNEED on shared guest memory',
  parameters: UML_PARAMETERS,
  generate: (context) =>
    syntheticTrace(context.seed, (builder) =>
      scriptedEvents(builder, scripts(builder, context), STEP_EVENTS),
    ),
};
