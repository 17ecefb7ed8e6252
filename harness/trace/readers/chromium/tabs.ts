import { InputError } from '../../../base/errors.js';
import type { Process } from '../calls/processes.js';
import type { Mark } from '../marks.js';

/** What the driver of a browser did to a tab. */
export interface TabMark {
  readonly action: 'open' | 'front';
  readonly tab: string;
}

/** What the label of a mark says of a tab: `open TAB`, `front TAB` or `front again TAB`; undefined for other labels. */
export function tabMark(label: string): TabMark | undefined {
  const match = /^(?:(open)|front(?: again)?) ([A-Za-z0-9._-]+)$/.exec(label);
  return match ? { action: match[1] ? 'open' : 'front', tab: match[2]! } : undefined;
}

/** Tabs in the order in which the marks open them. */
function openedTabs(marks: readonly Mark[]): string[] {
  const opened: string[] = [];
  for (const { label, place } of marks) {
    const mark = tabMark(label);
    if (!mark) continue;
    const known = opened.includes(mark.tab);
    if (mark.action === 'front' && !known)
      throw new InputError(
        `tab ${mark.tab} is not open here, expected a mark "open ${mark.tab}" before`,
        place,
      );
    if (mark.action === 'open' && known)
      throw new InputError(`tab ${mark.tab} is opened again, expected each tab once`, place);
    if (!known) opened.push(mark.tab);
  }
  return opened;
}

/**
 * Names the processes that decode images: the tab that is opened k-th is the process that decodes k-th. A tab decodes
 * while it loads, before or after the mark of its opening.
 *
 * @param decoders in the order of their first decodes
 * @throws InputError with the place of a mark that makes no sense, or when there is not a tab for each process
 */
export function nameTabs(
  decoders: readonly Process[],
  marks: readonly Mark[],
  file: string,
): Map<Process, string> {
  const opened = openedTabs(marks);
  if (opened.length !== decoders.length) {
    throw new InputError(
      `${decoders.length} processes decode images and the marks open ${opened.length} tabs, expected a mark "open TAB" for each process`,
      { file },
    );
  }
  return new Map(decoders.map((process, i) => [process, opened[i]!]));
}
