import { InputError } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import { TraceMeta } from '../../meta.js';
import type { TraceSource } from '../../source.js';
import { clockText } from '../calls/call.js';
import { followLog } from '../calls/follow.js';
import { readMarks } from '../marks.js';
import { type EventReader, FIT, type ReaderInput } from '../reader.js';
import { detectCalls } from '../strace/detect.js';
import { readCalls } from '../strace/read.js';
import { decodeNsPerPage, findDecodes, identifyImages } from './images.js';
import { nameTabs } from './tabs.js';
import { CacheWriter } from './writer.js';

/**
 * Opens a log of `strace -f -ttt -T` of Chromium as a cache of images that a discard policy manages: what was
 * decoded, when it could have been dropped (its tab hidden) and when it was needed (shown). The drops that Chromium
 * made are marks.
 *
 * @throws InputError with the line of log or marks that is wrong
 */
async function open(input: ReaderInput): Promise<TraceSource> {
  const { file } = input;
  const marks = await readMarks(input);
  const { drafts, startUs, clock } = followLog(
    await readCalls(input),
    { memory: 'shared', drops: 'discard', marks, marksAccount: input.sides.marks?.account },
    input.account,
  );
  const decodes = findDecodes(drafts);
  if (decodes.length === 0) {
    throw new InputError(
      'no segment is dropped that another process maps, expected MADV_REMOVE by a browser on segments of its tabs',
      { file },
    );
  }
  const tabs = nameTabs([...new Set(decodes.map(({ process }) => process))], marks, file);
  const nsPerPage = decodeNsPerPage(decodes, file);
  const images = identifyImages(drafts, decodes, tabs);
  const mapped = new Set(drafts.flatMap((draft) => (draft.kind === 'segment-map' ? [draft.segment] : [])));
  input.account.remark(
    'segments that are never dropped or that only the browser maps, left out',
    mapped.size - images.size,
  );
  const writer = new CacheWriter({ drafts, images, decodes, tabs, nsPerPage }, startUs);
  return {
    meta: metadata(clockText(clock, startUs), nsPerPage),
    strings: writer.builder.strings,
    blocks: () => writer.blocks(),
  };
}

function metadata(clock: string, nsPerPage: number): TraceMeta {
  return new TraceMeta([
    ['page_size', String(PAGE_BYTES)],
    ['clock', clock],
    ['provenance', 'inferred'],
    ['provenance.segments', 'recorded'],
    ['provenance.pressure', 'recorded'],
    ['provenance.marks', 'recorded'],
    ['provenance.pairing', 'inferred'],
    ['provenance.tabs', 'inferred'],
    ['provenance.pins', 'inferred'],
    ['provenance.regeneration', 'inferred'],
    ['provenance.unmap', 'inferred'],
    ['provenance.touches', 'inferred'],
    ['note', `decoding costs ${nsPerPage} ns a page, the median between two decodes of a thread`],
  ]);
}

export const chromium: EventReader = {
  yields: 'events',
  threadFiles: true,
  name: 'chromium',
  summary:
    'a log of strace -f -ttt -T of Chromium, as a cache of decoded images that a discard policy manages',
  source: 'Chromium, components/discardable_memory/service/discardable_shared_memory_manager.cc',
  family: 'logs of calls',
  extensions: [],
  parameters: {},
  sides: {
    marks: {
      meaning:
        'a file of marks, "TIME LABEL" per line, with the labels "open TAB", "front TAB" and "pressure moderate|critical"',
      required: true,
    },
  },
  // Any log of strace may be one: it is read so only where it is asked for, as strace fits better.
  detect: (head) => detectCalls(head, FIT.possible),
  open,
};
