import { FIT, type RequestReader } from './reader.js';
import { detectForm } from './scan/lines.js';
import { fixedLayout, ROLE } from './table/layout.js';
import { bitKinds } from './table/operations.js';
import { readTable } from './table/read.js';

const LAYOUT = fixedLayout({
  roles: [ROLE.time, ROLE.id, ROLE.size, ROLE.op, ROLE.volume],
  operations: bitKinds,
  sizeBytes: 512,
});

const FORM = /^\d{10},\d+,\d+,[01],\d+\s*$/;

export const tencent: RequestReader = {
  yields: 'requests',
  name: 'tencent',
  summary:
    'Tencent block storage: timestamp,offset,size,ioType,volumeId; time in s, offset and size in sectors of 512 bytes, 0 reads and 1 writes',
  extensions: [],
  source: 'Zhang et al., OSCA (USENIX ATC 2020); https://iotta.snia.org/traces/parallel/27917',
  kind: 'block',
  idBytes: 512,
  timed: true,
  parameters: {},
  sides: {},
  detect: (head) => detectForm(head, FORM, FIT.likely, 'timestamp,offset,size,0|1,volumeId'),
  read: (input) => readTable(input, LAYOUT),
};
