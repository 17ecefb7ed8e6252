import { InputError } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import { decodedBytes, inputName } from '../../io/input.js';
import { TraceMeta } from '../../meta.js';
import type { TraceSource } from '../../source.js';
import type { Mark } from '../marks.js';
import { followLog } from '../strace/follow.js';
import { decodeNsPerPage, findDecodes, identifyImages } from './images.js';
import { nameTabs } from './tabs.js';
import { CacheWriter } from './writer.js';

/**
 * Imports a log of `strace -f -ttt -T` of Chromium as a cache of images that a discard policy manages: what was
 * decoded, when it could have been dropped (its tab hidden) and when it was needed (shown). The drops that Chromium
 * made are marks.
 *
 * @param marks what the driver did: `open TAB`, `front TAB`, `pressure moderate|critical`
 * @param bytes of the log, where its start has been read
 * @throws InputError with the line of log or marks that is wrong
 */
export async function importChromium(
  path: string,
  marks: readonly Mark[],
  bytes: AsyncIterable<Uint8Array> = decodedBytes(path),
): Promise<TraceSource> {
  const file = inputName(path);
  const { drafts, startUs } = await followLog(path, { memory: 'shared', marks }, bytes);
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
  const writer = new CacheWriter({ drafts, images, decodes, tabs, nsPerPage }, startUs);
  return {
    meta: metadata(startUs, nsPerPage),
    strings: writer.builder.strings,
    blocks: () => writer.blocks(),
  };
}

function metadata(startUs: number, nsPerPage: number): TraceMeta {
  return new TraceMeta([
    ['page_size', String(PAGE_BYTES)],
    ['clock', `microseconds since the first call, at ${new Date(startUs / 1000).toISOString()}`],
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
