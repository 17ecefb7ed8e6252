import { type Detection, FIT, misfit, type RequestReader } from './reader.js';
import { detectForm, headLines } from './scan/lines.js';
import { fixedLayout, ROLE, TEXT_IDS } from './table/layout.js';
import { DOES } from './table/operations.js';
import { readTable } from './table/read.js';

const LAYOUT = fixedLayout({
  delimiter: 0x20,
  roles: [ROLE.time, ROLE.skip, ROLE.skip, ROLE.op, ROLE.id],
  open: true,
  ids: 'text',
  operations: (text) => (text === 'GETVIDEO' ? DOES.read : DOES.other),
  remarks: [TEXT_IDS, 'addresses, which are not read'],
});

/** A log of requests between addresses. */
const ADDRESSES = /^\d+\.\d+ \d+\.\d+\.\d+\.\d+ /;
const FORM = /^\d+\.\d+ [\d.]+ [\d.]+ [A-Z]+ \S+( \S+)*\s*$/;

/** Logs of other columns are named as what they look like. */
function detect(head: Uint8Array): Detection {
  const form = detectForm(head, FORM, FIT.certain, 'time server client GETVIDEO video content');
  const [first] = headLines(head);
  if (form.fit !== FIT.none || !first || !ADDRESSES.test(first.text)) return form;
  const why = `line ${first.number} has a time and addresses without GETVIDEO; as a table: csv:time=1,id=3,ids=text`;
  return misfit(why, first.start + first.text.length);
}

export const youtube: RequestReader = {
  yields: 'requests',
  name: 'youtube',
  summary:
    'YouTube at a campus: time (s), address of the server, of the client, GETVIDEO, video, address of the content, between blanks',
  extensions: [],
  source: 'Zink et al., Watch global, cache local (MMCN 2008); https://traces.cs.umass.edu',
  kind: 'object',
  idBytes: 1,
  timed: true,
  parameters: {},
  sides: {},
  detect,
  read: (input) => readTable(input, LAYOUT),
};
