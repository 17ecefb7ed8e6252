import { FIT, type RequestReader } from './reader.js';
import { detectForm } from './scan/lines.js';
import { fixedLayout, ROLE } from './table/layout.js';
import { wordKinds } from './table/operations.js';
import { readTable } from './table/read.js';

const LAYOUT = fixedLayout({
  roles: [ROLE.volume, ROLE.op, ROLE.id, ROLE.size, ROLE.time],
  unit: 'us',
  operations: wordKinds,
});

const FORM = /^\d+,[RW],\d+,\d+,\d{15,16}\s*$/;

export const alibaba: RequestReader = {
  yields: 'requests',
  name: 'alibaba',
  summary: 'Alibaba block traces: device_id,opcode,offset,length,timestamp; R or W, bytes, time in µs',
  extensions: [],
  source:
    'Li et al., An In-Depth Analysis of Cloud Block Storage Workloads (IISWC 2020); https://github.com/alibaba/block-traces',
  kind: 'block',
  idBytes: 1,
  timed: true,
  parameters: {},
  sides: {},
  detect: (head) => detectForm(head, FORM, FIT.certain, 'device_id,R|W,offset,length,timestamp'),
  read: (input) => readTable(input, LAYOUT),
};
