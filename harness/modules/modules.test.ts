import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseWorkload, generate } from '../experiment/workload.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { temporaryFolder } from '../testing/folder.js';
import { run } from '../testing/machine.js';
import { eventLines, timed } from '../testing/traces.js';
import { importTrace } from '../trace/import.js';
import { loadPolicyModule } from './load.js';

const folder = temporaryFolder('reclaim-modules-');

function file(name: string, text: string): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
}

const SAYS = "summary: 'of a test', source: 'a test', parameters: {}";

async function load(name: string, text: string): Promise<string> {
  const path = file(`${name}.mjs`, text);
  await loadPolicyModule(path, 1);
  return path;
}

describe('merge and purge policies of a module', () => {
  it('say what differs from ksm and range-lru', async () => {
    await load(
      'rules',
      `export const merge = [{ name: 'fast', ${SAYS}, rules: () => ({ ksm: { pagesToScan: 5000 }, ageReset: true }) }];
       export const purge = [{ name: 'fifo-zero', ${SAYS}, rules: () => ({ order: 'fifo', access: 'zero' }) }];`,
    );
    const merge = mergePolicies.choose('fast');
    const ksm = mergePolicies.choose('ksm:pages_to_scan=5000');
    expect(merge.info.rules(merge.values)).toEqual({ ...ksm.info.rules(ksm.values), ageReset: true });
    const purge = purgePolicies.choose('fifo-zero');
    const lru = purgePolicies.choose('range-lru:access=zero');
    expect(purge.info.rules(purge.values)).toEqual({ ...lru.info.rules(lru.values), order: 'fifo' });
    const trace = timed(['spawn,1,,,', 'map,1,0,9,anon', 'write,1,0,9,', 'madvise,1,0,9,MADV_VOLATILE']);
    expect((await run(trace, { merge: 'fast', purge: 'fifo-zero' })).outcome).toBe('ok');
  });

  const WRONG_PURGE = [
    ['nothing', 'undefined', /rules returned undefined, expected an object of rules/],
    ['unknown', '{ colour: 1 }', /rules returned colour, expected of order, unit, when/],
    ['order', "{ order: 'best' }", /rules returned order "best", expected one of reclaim, lazyfree/],
    ['shared', '{ shared: 1 }', /rules returned shared 1, expected one of true, false/],
    ['throws', '(() => { throw new Error("no"); })()', /rules threw Error: no/],
    ['async', 'Promise.resolve({})', /rules returned a promise/],
  ] as const;
  const WRONG_MERGE = [
    ['pages', '{ ksm: { pagesToScan: -1 } }', /rules returned ksm\.pagesToScan -1, expected a whole number/],
    ['name', '{ ksm: { pages: 1 } }', /rules returned ksm\.pages, expected of run, pagesToScan/],
    ['hints', '{ hints: { capacity: 5, share: 101 } }', /rules returned hints\.share 101, expected a whole/],
    ['by', "{ by: 'me' }", /rules returned by "me", expected one of ksmd, instant/],
  ] as const;
  let path: string;
  beforeAll(async () => {
    const entries = (prefix: string, wrong: readonly (readonly [string, string, RegExp])[]) =>
      wrong.map(([name, code]) => `{ name: '${prefix}-${name}', ${SAYS}, rules: () => (${code}) }`).join(',');
    path = await load(
      'wrong-rules',
      `export const purge = [${entries('p', WRONG_PURGE)}]; export const merge = [${entries('m', WRONG_MERGE)}];`,
    );
  });

  it.each(WRONG_PURGE)('purge: %s is blamed', async (name, _code, blamed) => {
    const replayed = run(timed(['spawn,1,,,']), { purge: `p-${name}` });
    await expect(replayed).rejects.toThrow(blamed);
    await expect(replayed).rejects.toThrow(`${path}: purge policy p-${name}: `);
  });

  it.each(WRONG_MERGE)('merge: wrong %s is blamed', async (name, _code, blamed) => {
    await expect(run(timed(['spawn,1,,,']), { merge: `m-${name}` })).rejects.toThrow(blamed);
  });
});

describe('workloads of a module', () => {
  const of = (name: string) => generate(chooseWorkload(name, {}, 3));

  it('yield events as lines, with parameters and seeded draws', async () => {
    await load(
      'steps',
      `export const workloads = [{ name: 'steps', summary: 's', source: 's',
        parameters: { pages: { kind: 'integer', default: 9, min: 1, max: 99, meaning: 'pages' } },
        *generate({ values, seed, random }) {
          const draw = random('page');
          yield '0,spawn,1,,,';
          yield \`0,map,1,0,\${values.pages},anon\`;
          for (let i = 1; i < 5; i++) yield \`\${i},write,1,\${Math.floor(draw() * values.pages)},1,\`;
          yield \`9,mark,,,,seed \${seed}\`;
        } }];`,
    );
    const first = await eventLines(of('steps'));
    expect(first).toHaveLength(7);
    expect(first.at(-1)).toBe('9,mark,,,,seed 3');
    expect(await eventLines(of('steps'))).toEqual(first);
    const other = await eventLines(generate(chooseWorkload('steps', { pages: '20' }, 4)));
    expect(other[1]).toBe('0,map,1,0,20,anon');
    expect(of('steps').meta.get('provenance')).toBe('synthetic');
  });

  it('fill more than one block', async () => {
    await load(
      'many',
      `export const workloads = [{ name: 'many', ${SAYS}, *generate() {
        yield '0,spawn,1,,,'; yield '0,map,1,0,9,anon';
        for (let i = 0; i < 70_000; i++) yield \`\${i},write,1,\${i % 9},1,\`;
      } }];`,
    );
    let events = 0;
    for await (const { length } of of('many').blocks()) events += length;
    expect(events).toBe(70_002);
  });

  const WRONG = [
    ['w-nothing', '', /generate yields nothing, expected the events of a trace/],
    ['w-number', 'yield 5;', /its event 1: 5 is no event, expected a line of a trace/],
    ['w-op', "yield '0,spawn,1,,,'; yield '0,eat,1,,,';", /its event 2: event "0,eat,1,,,": .*eat/],
    ['w-back', "yield '5,spawn,1,,,'; yield '4,mark,,,,x';", /its event 2: event "4,mark,,,,x": /],
    ['w-break', "yield '5,spawn,1,,,\\n';", /its event 1: "5,spawn,1,,,\\n" is no event/],
    ['w-throws', 'null.x;', /generate threw TypeError/],
    ['w-draws', 'yield String(Math.random());', /generate calls Math\.random, expected context\.random/],
  ] as const;
  const RETURNS = [
    ['w-plain', '5', /generate returned 5, expected a generator/],
    ['w-text', "'abc'", /generate returned "abc", expected a generator/],
  ] as const;
  let path: string;
  beforeAll(async () => {
    const entries = [
      ...WRONG.map(([name, code]) => `{ name: '${name}', ${SAYS}, *generate() { ${code} } }`),
      ...RETURNS.map(([name, code]) => `{ name: '${name}', ${SAYS}, generate: () => ${code} }`),
    ];
    path = await load('wrong-workloads', `export const workloads = [${entries.join(',')}];`);
  });

  it.each(WRONG)('%s is blamed', async (name, _code, blamed) => {
    const lines = (async () => eventLines(of(name)))();
    await expect(lines).rejects.toThrow(blamed);
    await expect(lines).rejects.toThrow(`${path}: workload ${name}: `);
  });

  it.each(RETURNS)('%s is blamed', (name, _code, blamed) => {
    expect(() => of(name)).toThrow(blamed);
  });
});

describe('readers of a module', () => {
  const READER = `export const readers = [{
    name: 'touchlog', ${SAYS}, yields: 'events', extensions: ['.touchlog'], meta: { touches: 'first-access' },
    detect: (head) => head.startsWith('touchlog 1'),
    create: () => ({
      line(text, number) {
        if (number === 1) return undefined;
        if (text.startsWith('#')) return { leave: 'comments' };
        if (text.startsWith('start')) return ['0,spawn,1,,,', '0,map,1,0,99,anon'];
        const match = /^(\\d+) page (\\d+)$/.exec(text);
        if (!match) throw new Error('"' + text + '" is no access, expected TIME page NUMBER');
        return \`\${match[1]},write,1,\${match[2]},1,\`;
      },
      end: () => ['99,mark,,,,end'],
    }),
  }];`;

  it('make events of lines, each counted once', async () => {
    await load('touchlog', READER);
    const log = file('a.log', 'touchlog 1\nstart\n# hello\n5 page 3\r\n6 page 4\n');
    const source = await importTrace(log);
    expect(await eventLines(source)).toEqual([
      '0,spawn,1,,,',
      '0,map,1,0,99,anon',
      '5,write,1,3,1,',
      '6,write,1,4,1,',
      '99,mark,,,,end',
    ]);
    const { account } = source.inputs[0]!;
    expect([account.used, account.joined, account.leftOut]).toEqual([3, 1, [['comments', 1]]]);
    expect(source.meta.get('touches')).toBe('first-access');
  });

  it.each([
    [
      '5 page x\n',
      /a\.log:3: reader touchlog of .*touchlog\.mjs: "5 page x" is no access, expected TIME page/,
    ],
    ['5 page 3\n4 page 3\n', /a\.log:4: reader touchlog of .*: event "4,write,1,3,1,": /],
    ['\u00ff', /a\.log: this is not UTF-8 text/],
  ])('%j is refused with its place', async (text, blamed) => {
    const log = file('a.log', '');
    writeFileSync(log, Buffer.from(`touchlog 1\nstart\n${text}`, 'latin1'));
    await expect((async () => eventLines(await importTrace(log)))()).rejects.toThrow(blamed);
  });

  it('make requests of lines, whose ids are numbers or texts', async () => {
    await load(
      'keylog',
      `export const readers = [{ name: 'keylog', ${SAYS}, yields: 'requests', kind: 'object', timed: true,
        create: () => ({ line: (text, number) => JSON.parse(text).map((id) => ({ id, timeUs: number, write: true })) }) }];`,
    );
    const log = file('keys.log', '["a", "b"]\n["a", 5]\n[]\n');
    const source = await importTrace(log, { reader: 'keylog' });
    const lines = await eventLines(source);
    expect(lines).toEqual([
      '0,object,,,3,file:blocks',
      '0,pwrite,,0,2,blocks',
      '1,pwrite,,0,1,blocks',
      '1,pwrite,,2,1,blocks',
    ]);
    expect(source.inputs[0]!.account.joined).toBe(1);
    await expect(
      (async () => eventLines(await importTrace(file('bad.log', '[1]\n[-1]\n'), { reader: 'keylog' })))(),
    ).rejects.toThrow(/bad\.log:2: reader keylog of .*: a request has the id -1, expected a whole number/);
  });

  const WRONG = [
    ['r-type', 'null.x', /x\.log:1: reader r-type of .*: line threw TypeError/],
    ['r-reason', '({ leave: 5 })', /x\.log:1: .*: line leaves it out for 5, expected a reason/],
    ['r-object', '({ is: 5 })', /x\.log:1: .*: an object is no event, expected a line/],
    ['r-endless', '(() => { for (;;); })()', /line had not come back after 1 s/],
    ['r-exit', 'process.exit(0)', /line calls process\.exit/],
  ] as const;
  beforeAll(async () => {
    const entries = WRONG.map(
      ([name, code]) =>
        `{ name: '${name}', ${SAYS}, yields: 'events', create: () => ({ line: () => ${code} }) }`,
    );
    await load('wrong-readers', `export const readers = [${entries.join(',')}];`);
  });

  it.each(WRONG)('%s is blamed', async (name, _code, blamed) => {
    const log = file('x.log', 'a\n');
    await expect((async () => eventLines(await importTrace(log, { reader: name })))()).rejects.toThrow(
      blamed,
    );
  });
});

describe('entries of a module', () => {
  it.each([
    [
      'e-parameters',
      "{ x: { kind: 'integer', default: 5, meaning: 'm' } }",
      /parameter x has no min and max/,
    ],
    [
      'e-default',
      "{ x: { kind: 'integer', default: 5, min: 6, max: 9, meaning: 'm' } }",
      /parameter x has the default 5, expected a number from 6 to 9/,
    ],
    ['e-choice', "{ x: { kind: 'choice', default: 'a', choices: ['b'], meaning: 'm' } }", /x lacks choices/],
    ['e-name', "{ 'X y': { kind: 'integer', default: 5, meaning: 'm' } }", /parameter X y has no name/],
  ])('%s is refused', async (name, parameters, why) => {
    const text = `export const purge = [{ name: '${name}', summary: '', source: '', parameters: ${parameters}, rules: () => ({}) }];`;
    await expect(load(name, text)).rejects.toThrow(why);
  });

  it('of one kind have one name each', async () => {
    await expect(
      load('w-taken', `export const workloads = [{ name: 'zipf', ${SAYS}, *generate() {} }];`),
    ).rejects.toThrow(/w-taken\.mjs: there is a workload named zipf already/);
    await expect(
      load('r-taken', `export const readers = [{ name: 'txt', ${SAYS}, create() {} }];`),
    ).rejects.toThrow(/r-taken\.mjs: there is a reader named txt already/);
  });
});
