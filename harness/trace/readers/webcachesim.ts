import { FIT, type RequestReader } from './reader.js';
import { fixedLayout, ROLE } from './table/layout.js';
import { detectTable, readTable } from './table/read.js';

const LAYOUT = fixedLayout({
  delimiter: 0x20,
  roles: [ROLE.time, ROLE.id, ROLE.size],
  open: true,
});

const FORM = /^\d+(\.\d+)?[ \t]+\d+[ \t]+\d+([ \t]+[\d.e+-]+)*\s*$/i;

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
  detect: (head) => detectTable(head, FORM, FIT.likely, LAYOUT),
  read: (input) => readTable(input, LAYOUT),
};
