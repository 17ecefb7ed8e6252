import { FIT, type RequestReader } from './reader.js';
import { fixedLayout, ROLE, TEXT_IDS } from './table/layout.js';
import { DOES } from './table/operations.js';
import { detectTable, readTable } from './table/read.js';

const LAYOUT = fixedLayout({
  delimiter: 0x20,
  roles: [ROLE.time, ROLE.skip, ROLE.skip, ROLE.op, ROLE.id],
  open: true,
  ids: 'text',
  operations: (text) => (text === 'GETVIDEO' ? DOES.read : DOES.other),
  remarks: [TEXT_IDS, 'addresses, which are not read'],
});

const FORM = /^\d+\.\d+ [\d.]+ [\d.]+ [A-Z]+ \S+( \S+)*\s*$/;

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
  detect: (head) => detectTable(head, FORM, FIT.certain, LAYOUT),
  read: (input) => readTable(input, LAYOUT),
};
