const SAYS = "summary: 'of a test', source: 'a test'";
const LIMITED = "parameters: { x: { kind: 'integer', default: 1, min: 1, max: 9, meaning: 'of a test' } }";

/** A discard policy with statements in a method, and others for the module. */
function discard(code: Readonly<Record<string, string>>, parameters = 'parameters: {}'): string {
  const method = (name: string) => `${name}(range) { ${code[name] ?? ''} }`;
  return `${code.module ?? ''}
    class Policy {
      constructor({ kernel, values }) { this.kernel = kernel; this.values = values; ${code.constructor_ ?? ''} }
      discard(range) { ${code.discard ?? "this.kernel.madvise(range, 'MADV_DONTNEED');"} }
      ${method('unpin')} ${method('pin')} ${code.forked ? method('forked') : ''}
    }
    export const discard = [{ name: 'NAME', ${SAYS}, ${parameters}, create: (context) => new Policy(context) }];`;
}

/** A reclaim policy (first in, first out) with statements in a method, and others for the module. */
function reclaim(code: Readonly<Record<string, string>>, parameters = 'parameters: {}'): string {
  return `${code.module ?? ''}
    class Policy {
      counters = { pgscan: 0 };
      queue = new Set();
      constructor(pages, { values, random }) { this.pages = pages; this.values = values; ${code.constructor_ ?? ''} }
      evict(victims, wanted) {
        let found = 0;
        ${code.evict ?? ''}
        for (const id of this.queue) { if (found === wanted) break; victims[found++] = id; this.queue.delete(id); }
        ${code.counts ?? 'this.counters.pgscan += found;'}
        return found;
      }
      insert(id) { ${code.insert ?? ''} this.queue.add(id); }
      reject(id) { this.queue.add(id); }
      remove(id) { ${code.remove ?? 'this.queue.delete(id);'} }
      resize() {} grow() {}
      ${code.more ?? ''}
    }
    export const reclaim = [{ name: 'NAME', ${SAYS}, complexity: 'O(1)', ${parameters}, create: (pages, context) => new Policy(pages, context) }];`;
}

const workload = (code: string, module = '') =>
  `${module} export const workloads = [{ name: 'NAME', ${SAYS}, ${LIMITED}, *generate({ values, random }) {
    yield '0,spawn,1,,,'; yield '0,map,1,0,9,anon'; ${code} } }];`;

const reader = (line: string, more = '') =>
  `export const readers = [{ name: 'NAME', ${SAYS}, parameters: {}, yields: 'requests', kind: 'object', example: 'id 5\\nid 6\\n',
    ${more} create: () => ({ line(text) { ${line} } }) }];`;

const ENTRY = `name: 'NAME', ${SAYS}`;

/** Modules that are wrong in one way: which checks find it, and what they say. */
export const MUTANTS: readonly (readonly [
  what: string,
  text: string,
  failing: readonly string[],
  said: RegExp,
])[] = [
  ['no JavaScript', 'export const = 1;', ['loads'], /cannot be loaded as a module/],
  [
    'discard: at its limit',
    discard({ constructor_: "if (values.x === 9) throw new Error('too many');" }, LIMITED),
    ['parameters'],
    /mutant-\d+:x=9: .*create threw Error: too many/,
  ],
  [
    'discard: drops what is needed again',
    discard({
      discard: "if (this.last) this.kernel.madvise(this.last, 'MADV_DONTNEED'); this.last = range;",
    }),
    ['ranges'],
    /^random trace 1:\d+: MADV_DONTNEED on page \d+ of space \d, which the program needs again since line \d+$/,
  ],
  [
    'discard: throws at a fork',
    discard({ forked: "throw new Error('what now');" }),
    ['invariants', 'same again'],
    /\.mjs: discard policy mutant-\d+: forked threw Error: what now; at random trace \d:\d+$/,
  ],
  [
    'discard: keeps state between replays',
    discard({
      module: 'let calls = 0;',
      discard: "if (calls++ % 2 === 0) this.kernel.madvise(range, 'MADV_DONTNEED');",
    }),
    ['same again'],
    /^random trace 1: alone and next to another replay it differs \(\w+ .*\): instances share state$/,
  ],
  [
    'discard: large ranges',
    discard({ discard: "if (range.count > 20) throw new Error('large');" }),
    ['families'],
    /discard threw Error: large; at [\w-]+:\d+$/,
  ],
  [
    'reclaim: a page that was removed',
    reclaim({ remove: '' }),
    ['victims', 'invariants', 'families'],
    /^references 1, step \d+: .*evict returned \d+, and victim 1 of them is page \d+, which/,
  ],
  [
    'reclaim: a page of one',
    reclaim({ insert: "if (this.pages.capacity === 1) throw new Error('one');" }),
    ['victims', 'capacities'],
    /insert threw Error: one$/,
  ],
  ['reclaim: counts nothing', reclaim({ counts: ';' }), ['growth'], /counters\.pgscan is 0 after pages were/],
  [
    'reclaim: keeps state between instances',
    reclaim({
      module: 'let turn = 0;',
      evict:
        'if (turn++ % 3 === 0 && this.queue.size > 1) { const [first] = this.queue; this.queue.delete(first); this.queue.add(first); }',
    }),
    ['draws', 'same again'],
    /^two (runs with the same seed|instances side by side) differ/,
  ],
  [
    'reclaim: draws of its own',
    reclaim({
      evict:
        'if (process.hrtime.bigint() % 3n === 0n && this.queue.size > 1) { const [first] = this.queue; this.queue.delete(first); this.queue.add(first); }',
    }),
    ['draws', 'same again'],
    /^two runs with the same seed differ, expected draws of context\.random alone$/,
  ],
  [
    'reclaim: lists that do not add up',
    reclaim({ more: 'get listSizes() { return { all: this.queue.size + 1 }; }' }),
    ['lists'],
    /^after reference 1 its listSizes add up to 2, and 1 pages are resident$/,
  ],
  [
    'reclaim: many pages',
    reclaim({ insert: "if (id > 1000) throw new Error('many');" }),
    ['families'],
    /insert threw Error: many; at [\w-]+:\d+$/,
  ],
  [
    'merge: rules at a limit',
    `export const merge = [{ ${ENTRY}, ${LIMITED}, rules: ({ x }) => ({ ksm: { maxPageSharing: x === 9 ? 1 : 5 } }) }];`,
    ['parameters'],
    /x=9: .*rules returned ksm\.maxPageSharing 1, expected a whole number from 2/,
  ],
  [
    'purge: rules that change',
    `let turn = 0; export const purge = [{ ${ENTRY}, parameters: {}, rules: () => ({ unit: ['page', 'range'][turn++ % 2] }) }];`,
    ['rules', 'same again'],
    /^its rules differ from call to call/,
  ],
  [
    'workload: at a limit',
    workload("if (values.x === 9) yield 'x'; yield '0,write,1,0,1,';"),
    ['parameters'],
    /x=9: .*its event 3: event "x": /,
  ],
  ['workload: not mapped', workload("yield '0,write,1,90,1,';"), ['valid'], /page 90/],
  [
    'workload: keeps state',
    workload("yield '0,write,1,' + (turn++ % 9) + ',1,';", 'let turn = 0;'),
    ['same again'],
    /^two traces with the same seed differ/,
  ],
  ['reader: nothing of its example', reader('return undefined;'), ['example'], /no requests in this file/],
  [
    'reader: takes all files',
    reader(
      "const [, id] = /^id (\\d+)$/.exec(text) ?? []; if (!id) throw new Error('no'); return { id: Number(id) };",
      'detect: () => true,',
    ),
    ['detect'],
    /^it takes an empty file for its own format$/,
  ],
  [
    'reader: a bug on garbage',
    reader('return { id: Number(/^id (\\d+)$/.exec(text)[1]) };'),
    ['garbage'],
    /^an empty line: example:1: reader mutant-\d+ of .*: line threw TypeError/,
  ],
];
