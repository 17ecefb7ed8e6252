import { FIT, type RequestReader } from './reader.js';
import { detectForm } from './scan/lines.js';
import { fixedLayout, ROLE } from './table/layout.js';
import { wordKinds } from './table/operations.js';
import { readTable } from './table/read.js';

const LAYOUT = fixedLayout({
  roles: [ROLE.time, ROLE.skip, ROLE.op, ROLE.volume, ROLE.id, ROLE.size],
  header: /^timestamp,/i,
  operations: wordKinds,
});

const FORM = /^(timestamp,response,iotype,lun,offset,size|\d{9,10}\.\d+,[\d.]*,[RW]?,\d+,\d+,\d+)\s*$/i;

export const systor: RequestReader = {
  yields: 'requests',
  name: 'systor',
  summary:
    "SYSTOR '17: Timestamp,Response,IOType,LUN,Offset,Size; time in s, R or W, bytes; a header may come first",
  extensions: [],
  source:
    'Lee et al., Understanding Storage Traffic Characteristics on Enterprise Virtual Desktop Infrastructure (SYSTOR 2017); https://iotta.snia.org/traces/block-io/4928',
  kind: 'block',
  idBytes: 1,
  timed: true,
  parameters: {},
  sides: {},
  detect: (head) => detectForm(head, FORM, FIT.certain, 'Timestamp,Response,R|W,LUN,Offset,Size'),
  read: (input) => readTable(input, LAYOUT),
};
