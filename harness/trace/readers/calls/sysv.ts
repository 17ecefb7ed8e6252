import { PAGE_BYTES } from '../../../base/page.js';
import { type Call, numberAt, pages } from './call.js';
import { hugetlbOf, otherSizes, wholeHugetlb } from './hugetlb.js';
import { mapSegment } from './mappings.js';
import { segmentOf } from './maps.js';
import type { Process } from './processes.js';
import { type CallFollower, type Outcome, type Scene, UNRELATED } from './scene.js';

const NOT_FOLLOWED = 'on segments that are not followed';

/** shmget(key, bytes, flags) = id: a size of 0 asks for one that is there. */
function shmget(scene: Scene, process: Process, call: Call): Outcome {
  const hugetlb = hugetlbOf(call.args[2] ?? '');
  if (hugetlb === 'other') {
    scene.hugeIds.add(call.result);
    return otherSizes('segments (SHM_HUGETLB)');
  }
  const segment = scene.segments.withId(call.result, process);
  if (hugetlb !== 'no') {
    segment.hugetlb = true;
    segment.noReserve = (call.args[2] ?? '').includes('SHM_NORESERVE');
  }
  const asked = numberAt(call, 1);
  const bytes = segment.hugetlb ? wholeHugetlb(pages(asked)) * PAGE_BYTES : asked;
  if (segment.bytes < 0 && bytes > 0) scene.segments.resize(segment, bytes);
  return undefined;
}

/** shmat(id, address, flags) = address: maps the segment whole. */
function shmat(scene: Scene, process: Process, call: Call): Outcome {
  const id = numberAt(call, 0);
  if (scene.hugeIds.has(id)) return `calls of shmat ${NOT_FOLLOWED}`;
  const segment = scene.segments.withId(id, process);
  if (segment.bytes < 0) return 'calls of shmat on segments whose size is not in the log';
  const start = call.result / PAGE_BYTES;
  const flags = call.args[2] ?? '';
  const writable = !flags.includes('SHM_RDONLY');
  const { noReserve } = segment;
  const backing = { kind: 'shared' as const, segment, noReserve };
  const owner = process.memoryOwner;
  const words = [
    writable ? '' : ' ro',
    flags.includes('SHM_EXEC') ? ' exec' : '',
    noReserve ? ' noreserve' : '',
  ];
  const mapping = { start, end: start + segment.pages, backing, offset: 0 };
  mapSegment(scene, owner, call, mapping, { writable, none: false, flags: words.join('') });
  scene.segments.mapped(segment, process, scene.nowUs);
  return undefined;
}

/** shmdt(address): unmaps what is left of the attachment that began there. */
function shmdt(scene: Scene, process: Process, call: Call): Outcome {
  const owner = process.memoryOwner;
  const start = numberAt(call, 0) / PAGE_BYTES;
  const attached = scene.mapsOf(owner).all.filter((m) => segmentOf(m) && m.start - m.offset === start);
  const segment = attached[0] && segmentOf(attached[0]);
  for (const part of attached) if (segmentOf(part) === segment) scene.unmap(owner, part);
  return segment ? undefined : `calls of shmdt ${NOT_FOLLOWED}`;
}

function shmctl(scene: Scene, _: Process, call: Call): Outcome {
  if (!(call.args[1] ?? '').includes('IPC_RMID')) return UNRELATED;
  const segment = scene.segments.removeId(numberAt(call, 0));
  if (!segment) return `calls of shmctl ${NOT_FOLLOWED}`;
  scene.releaseSegment(segment);
  return undefined;
}

/** Calls on shared memory of System V, by name. */
export const SYSV_CALLS: Readonly<Record<string, CallFollower>> = { shmget, shmat, shmdt, shmctl };
