import { InputError } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import { TraceMeta } from '../../meta.js';
import type { TraceSource } from '../../source.js';
import { clockText } from '../calls/call.js';
import { type FollowedLog, type FollowOptions, followLog } from '../calls/follow.js';
import { DROPS_BECOME, FOLLOWED_MEMORY } from '../calls/scene.js';
import { DraftWriter, INFERRED_TOUCHES } from '../calls/writer.js';
import { joinFaults } from '../faults/join.js';
import { FAULTS } from '../faults/side.js';
import { MARKS, readMarks } from '../marks.js';
import { type EventReader, FIT, type ReaderInput } from '../reader.js';
import { detectCalls } from './detect.js';
import { readCalls } from './read.js';

type Touches = (typeof INFERRED_TOUCHES)[number];

/**
 * Opens a log of `strace -f -ttt -T` as a trace: follows memory through all processes. Calls that drop contents
 * become `discard`, labelled with the call. Times count from the first line.
 *
 * Inferred, because a log of calls does not show it: which mappings belong to one segment where the log does not
 * explain the descriptor (by size and order in time), when a segment is closed where the log has no close (after its
 * last use), and every access.
 *
 * @throws InputError with the line that is not strace's
 */
async function open(input: ReaderInput): Promise<TraceSource> {
  const memory = input.values.memory as FollowOptions['memory'];
  const drops = input.values.drops as FollowOptions['drops'];
  const touches = input.values.touches as Touches;
  const marks = await readMarks(input);
  const marksAccount = input.sides.marks?.account;
  const log = followLog(await readCalls(input), { memory, drops, marks, marksAccount }, input.account);
  const { faults } = input.sides;
  if (faults && touches !== 'none')
    throw new InputError(
      `touches=${touches} infers accesses, and faults have them; expected one of the two`,
      { file: faults.file },
    );
  const drafts = faults ? await joinFaults(log, faults) : log.drafts;
  const writer = new DraftWriter(drafts, touches, log.startUs, log.closesKnown);
  const chosen = memory === 'auto' && summaryOf(log);
  return {
    meta: metadata(touches, log, faults !== undefined),
    strings: writer.builder.strings,
    blocks: () => writer.blocks(),
    ...(chosen && { summary: () => chosen }),
  };
}

/** What is said of the memory that was chosen to be followed. */
function summaryOf({ memory, privateLeft }: FollowedLog): string | undefined {
  if (memory === 'all') return 'no shared memory in this log: private memory is followed (memory=all)';
  return privateLeft
    ? 'private memory is left out, expected --reader strace:memory=all to follow it'
    : undefined;
}

function metadata(
  touches: Touches,
  { clock, startUs, unmatched, drops, closesKnown }: FollowedLog,
  faults: boolean,
): TraceMeta {
  const meta = new TraceMeta([
    ['page_size', String(PAGE_BYTES)],
    ['clock', clockText(clock, startUs)],
    ['provenance', 'recorded'],
    ['provenance.pairing', 'inferred'],
  ]);
  if (!closesKnown) meta.set('provenance.close', 'inferred');
  if (touches !== 'none') meta.set('provenance.touches', 'inferred');
  if (faults) {
    meta.set('touches', 'first-access');
    meta.set('provenance.clock-offset', 'inferred');
  }
  if (drops.size > 0) meta.set('drops', [...drops].map(([call, count]) => `${call} ${count}`).join(', '));
  if (unmatched > 0)
    meta.set('note', `${unmatched} shared mappings of files or of segments not in the log are left out`);
  return meta;
}

export const strace: EventReader = {
  yields: 'events',
  threadFiles: true,
  name: 'strace',
  summary: 'strace -f, with any other options (best -ttt -T): the system calls of all processes of a program',
  source: 'https://man7.org/linux/man-pages/man1/strace.1.html',
  family: 'logs of calls',
  extensions: ['.strace'],
  wanted:
    'calls that map memory, from the start of the program: strace -f -ttt -e trace=%memory,%process,%desc,%ipc,%network,prctl -o FILE PROGRAM',
  parameters: {
    memory: {
      kind: 'choice',
      default: 'auto',
      choices: FOLLOWED_MEMORY,
      meaning:
        'which mappings to follow: shared: segments of shared memory; all: private anonymous ones as well; auto: shared where the log has any, else all',
    },
    drops: {
      kind: 'choice',
      default: 'discard',
      choices: DROPS_BECOME,
      meaning:
        'what becomes of calls that drop contents (MADV_DONTNEED and MADV_FREE on private memory, MADV_REMOVE, holes): discard, which discard policies act on, labelled with the call; or the call itself',
    },
    touches: {
      kind: 'choice',
      default: 'none',
      choices: INFERRED_TOUCHES,
      meaning:
        'how to infer accesses, which a log of calls does not show; second-mapper: a segment is written once, whole, when the first process other than its creator maps it writable, and its first page by its creator',
    },
  },
  sides: { marks: MARKS, faults: FAULTS },
  detect: (head) => detectCalls(head, FIT.certain),
  open,
};
