import { PAGE_BYTES } from '../../../base/page.js';
import { TraceMeta } from '../../meta.js';
import type { TraceSource } from '../../source.js';
import { MARKS, readMarks } from '../marks.js';
import { type EventReader, FIT, type ReaderInput } from '../reader.js';
import { clockText } from './calls.js';
import { detectCalls } from './detect.js';
import { type FollowOptions, followLog, STRACE_MEMORY } from './follow.js';
import { DraftWriter, STRACE_TOUCHES } from './writer.js';

type Touches = (typeof STRACE_TOUCHES)[number];

/**
 * Opens a log of `strace -f -ttt -T` (calls mmap, munmap, mremap, madvise, memfd_create, ftruncate, fallocate,
 * clone, fork, vfork, execve) as a trace: follows shared-memory segments through all processes. MADV_REMOVE becomes
 * `discard`, other advice stays verbatim. Times count from the first line.
 *
 * Inferred, because a log of calls does not show it: which mappings belong to one segment where the descriptor came
 * from another process (by size and order in time), when a segment is closed (after its last mapping), and every
 * access.
 *
 * @throws InputError with the line that is not strace's
 */
async function open(input: ReaderInput): Promise<TraceSource> {
  const memory = input.values.memory as FollowOptions['memory'];
  const touches = input.values.touches as Touches;
  const { drafts, startUs, clock, unmatched } = await followLog(input, {
    memory,
    marks: await readMarks(input),
  });
  input.account.remark('shared mappings of files or of segments not in the log', unmatched);
  const writer = new DraftWriter(drafts, touches, startUs);
  return {
    meta: metadata(touches, clockText(clock, startUs), unmatched),
    strings: writer.builder.strings,
    blocks: () => writer.blocks(),
  };
}

function metadata(touches: Touches, clock: string, unmatched: number): TraceMeta {
  const meta = new TraceMeta([
    ['page_size', String(PAGE_BYTES)],
    ['clock', clock],
    ['provenance', 'recorded'],
    ['provenance.pairing', 'inferred'],
    ['provenance.close', 'inferred'],
  ]);
  if (touches !== 'none') meta.set('provenance.touches', 'inferred');
  if (unmatched > 0)
    meta.set('note', `${unmatched} shared mappings of files or of segments not in the log are left out`);
  return meta;
}

export const strace: EventReader = {
  yields: 'events',
  name: 'strace',
  summary: 'strace -f -ttt -T (or -tt): the system calls of all processes of a program',
  source: 'https://man7.org/linux/man-pages/man1/strace.1.html',
  extensions: ['.strace'],
  parameters: {
    memory: {
      kind: 'choice',
      default: 'shared',
      choices: STRACE_MEMORY,
      meaning: 'which mappings to follow: segments of shared memory, or private anonymous ones as well',
    },
    touches: {
      kind: 'choice',
      default: 'none',
      choices: STRACE_TOUCHES,
      meaning:
        'how to infer accesses, which a log of calls does not show; second-mapper: a segment is written once, whole, when the first process other than its creator maps it writable, and its first page by its creator',
    },
  },
  sides: { marks: MARKS },
  detect: (head) => detectCalls(head, FIT.certain),
  open,
};
