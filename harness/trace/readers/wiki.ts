import { FIT, type RequestReader } from './reader.js';
import { detectForm } from './scan/lines.js';
import { fixedLayout, ROLE, TEXT_IDS } from './table/layout.js';
import { DOES } from './table/operations.js';
import { readTable } from './table/read.js';

const LAYOUT = fixedLayout({
  delimiter: 0x20,
  roles: [ROLE.skip, ROLE.time, ROLE.id, ROLE.op],
  ids: 'text',
  operations: (text) => (text === '-' ? DOES.read : text === 'save' ? DOES.write : DOES.other),
  remarks: [TEXT_IDS],
});

const FORM = /^\d+ \d+(\.\d+)? [a-z]+:\/\/\S+ (-|[a-z]+)\s*$/;

export const wiki: RequestReader = {
  yields: 'requests',
  name: 'wiki',
  summary: 'WikiBench: number, time (s), URL, - or save between blanks; save writes',
  extensions: ['.wiki'],
  source:
    'Urdaneta, Pierre and van Steen, Wikipedia Workload Analysis (Computer Networks 2009); http://www.wikibench.eu',
  kind: 'object',
  idBytes: 1,
  timed: true,
  parameters: {},
  sides: {},
  detect: (head) => detectForm(head, FORM, FIT.certain, 'number time URL -|save'),
  read: (input) => readTable(input, LAYOUT),
};
