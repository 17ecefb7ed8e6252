import { FIT, type RequestReader } from './reader.js';
import { detectForm } from './scan/lines.js';
import { fixedLayout, ROLE, TEXT_IDS } from './table/layout.js';
import { wordKinds } from './table/operations.js';
import { readTable } from './table/read.js';

const LAYOUT = fixedLayout({
  roles: [ROLE.time, ROLE.id, ROLE.size, ROLE.size, ROLE.skip, ROLE.op, ROLE.skip],
  ids: 'text',
  operations: wordKinds,
  remarks: [TEXT_IDS, 'clients and times to live, which are not read'],
});

const FORM = /^\d+,("([^"]|"")+"|[^,]+),\d+,\d+,\d*,[a-z]+,\d+\s*$/;

export const twitter: RequestReader = {
  yields: 'requests',
  name: 'twitter',
  summary:
    'Twitter cache traces: time (s),key,key size,value size,client,operation,TTL; an object is as large as key and value; get reads, set, add and the like write, delete is left out',
  extensions: [],
  source:
    'Yang, Yue and Rashmi, A large scale analysis of hundreds of in-memory cache clusters at Twitter (OSDI 2020); https://github.com/twitter/cache-trace',
  kind: 'object',
  idBytes: 1,
  timed: true,
  parameters: {},
  sides: {},
  detect: (head) => detectForm(head, FORM, FIT.certain, 'time,key,key size,value size,client,operation,TTL'),
  read: (input) => readTable(input, LAYOUT),
};
