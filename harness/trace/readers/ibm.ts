import { FIT, type RequestReader } from './reader.js';
import { detectForm } from './scan/lines.js';
import { fixedLayout, ROLE, TEXT_IDS } from './table/layout.js';
import { wordKinds } from './table/operations.js';
import { readTable } from './table/read.js';

const LAYOUT = fixedLayout({
  delimiter: 0x20,
  roles: [ROLE.time, ROLE.op, ROLE.id, ROLE.size],
  open: true,
  required: 3,
  unit: 'ms',
  ids: 'text',
  operations: wordKinds,
  remarks: [TEXT_IDS, 'ranges of objects, which are not read'],
});

const FORM = /^\d+ REST\.[A-Z]+\.\S+ \S+( \d+)*\s*$/;

export const ibm: RequestReader = {
  yields: 'requests',
  name: 'ibm',
  summary:
    'IBM object store: time (ms) REST.GET.OBJECT id size first last byte; GET reads, PUT writes, the others are left out',
  extensions: [],
  source:
    'Eytan et al., It’s Time to Revisit LRU vs. FIFO (HotStorage 2020); https://iotta.snia.org/traces/key-value/36305',
  kind: 'object',
  idBytes: 1,
  timed: true,
  parameters: {},
  sides: {},
  detect: (head) => detectForm(head, FORM, FIT.certain, 'time REST.OPERATION.OBJECT id size'),
  read: (input) => readTable(input, LAYOUT),
};
