import { type Detection, FIT, misfit, type RequestReader } from './reader.js';
import { detectForm, headLines } from './scan/lines.js';
import { fixedLayout, ROLE } from './table/layout.js';
import { readTable } from './table/read.js';

const LAYOUT = fixedLayout({
  delimiter: 0x20,
  roles: [ROLE.time, ROLE.id, ROLE.size],
  open: true,
});

const FORM = /^\d+(\.\d+)?[ \t]+\d+[ \t]+\d+([ \t]+[\d.e+-]+)*\s*$/i;

/** Numbers in a line that is the only one: of more, it is a list. */
const MOST_FIELDS = 12;

/** Lines of three numbers or more, the first of which never falls. Four are of other formats, too. */
function detect(head: Uint8Array): Detection {
  const form = detectForm(head, FORM, FIT.likely, 'time id size, numbers between blanks');
  if (form.fit === FIT.none) return form;
  let last = 0;
  let most = 0;
  const lines = headLines(head);
  for (const { number, text, start } of lines) {
    const fields = text.trim().split(/[ \t]+/);
    const time = Number(fields[0]);
    if (time < last) return misfit(`line ${number} has time ${time}, expected at least ${last}`, start);
    last = time;
    most = Math.max(most, fields.length);
  }
  if (lines.length === 1 && most > MOST_FIELDS)
    return misfit(
      `line 1 is all there is, with ${most} numbers; a list of ids has one a line: tr -s ' ' '\\n' < FILE`,
      lines[0]!.text.length,
    );
  return most === 4 ? { fit: FIT.possible } : form;
}

export const webcachesim: RequestReader = {
  yields: 'requests',
  name: 'webcachesim',
  summary:
    'webcachesim, LRB and AdaptSize: time (s), id, size between blanks; features may follow, and are not read',
  extensions: ['.tr'],
  source: 'https://github.com/dasebe/webcachesim, https://github.com/sunnyszy/lrb',
  kind: 'object',
  idBytes: 512,
  timed: true,
  parameters: {},
  sides: {},
  detect,
  read: (input) => readTable(input, LAYOUT),
};
