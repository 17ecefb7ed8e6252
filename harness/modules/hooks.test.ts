import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folder.js';
import { run } from '../testing/machine.js';
import { timed } from '../testing/traces.js';
import { loadPolicyModule } from './load.js';

const folder = temporaryFolder('reclaim-hooks-');

/** Hooks of discard policies, with the line of the event below at which each is called. */
const DISCARD = {
  discard: 6,
  unpin: 7,
  pin: 8,
  pressure: 9,
  beforeWrite: 14,
  unmapped: 3,
  moved: 11,
  forked: 12,
} as const;
/** Hooks of reclaim policies, likewise; `evict` is called when the limit begins. */
const RECLAIM = { insert: 5, evict: 13, remove: 10, resize: 13 } as const;
/** The first event is on line 2. */
const EVENTS = [
  'spawn,1,,,',
  'map,1,0,40,anon',
  'map,1,100,40,anon',
  'write,1,0,40,',
  'discard,1,0,4,',
  'unpin,1,8,4,regen_ns=5',
  'pin,1,8,4,',
  'pressure,,,,moderate',
  'unmap,1,20,4,',
  'remap,1,100,40,to=200',
  'fork,1,,,2',
  'limit,,,9,',
  'write,1,0,8,',
];

/** What is wrong with a hook: its code, and what is said. */
const FAULTS = [
  ['throws', 'throw new RangeError("no");', 'threw RangeError: no'],
  ['promises', 'return Promise.resolve();', 'returned a promise, and policies are not asynchronous'],
] as const;

const SAYS = "summary: 's', source: 's'";

function entry(kind: 'discard' | 'reclaim', hook: string, fault: string, code: string): string {
  const hooks =
    kind === 'discard'
      ? 'discard() {}, unpin() {}, pin() {}, watchesWrites: true'
      : `counters: { pgscan: 0 }, queue: [], evict(v) { v[0] = this.queue.shift(); return 1; }, insert(id) { this.queue.push(id); },
         reject() {}, remove(id) { this.queue = this.queue.filter((page) => page !== id); }, resize() {}, grow() {}`;
  const name = `${hook.toLowerCase()}-${fault}`;
  return `{ name: '${name}', ${SAYS}, complexity: 'O(1)', parameters: {}, create: () => ({ ${hooks}, ${hook}() { ${code} } }) }`;
}

describe('what goes wrong in a hook is one line: the module, the policy, the hook, and the event', () => {
  let file: string;
  beforeAll(async () => {
    const all = (kind: 'discard' | 'reclaim', hooks: object) =>
      Object.keys(hooks).flatMap((hook) => FAULTS.map(([fault, code]) => entry(kind, hook, fault, code)));
    file = join(folder(), 'hooks.mjs');
    writeFileSync(
      file,
      `export const discard = [${all('discard', DISCARD).join(',\n')}];\nexport const reclaim = [${all('reclaim', RECLAIM).join(',\n')}];\n`,
    );
    await loadPolicyModule(file, 5);
  });

  it.each(
    FAULTS.flatMap(([fault, , said]) => [
      ...Object.entries(DISCARD).map(([hook, line]) => ['discard', hook, line, fault, said] as const),
      ...Object.entries(RECLAIM).map(([hook, line]) => ['reclaim', hook, line, fault, said] as const),
    ]),
  )('%s: %s at line %i %s', async (kind, hook, line, fault, said) => {
    const options = { [kind]: `${hook.toLowerCase()}-${fault}`, swap: 'ssd', check: false } as const;
    await expect(run(timed(EVENTS), options)).rejects.toThrow(
      `${file}: ${kind} policy ${hook.toLowerCase()}-${fault}: ${hook} ${said}; at test.csv:${line}`,
    );
  });
});

it.each([
  ['object', 'export const discard = {};', 'its export discard is not an array'],
  [
    'default',
    'export default [];',
    'exports no policies, expected arrays named discard, reclaim, merge, purge',
  ],
  ['empty', 'export const discard = [];', 'exports no policies, expected arrays named'],
  ['half', "export const readers = [{ name: 'h' }];", 'a reader is incomplete, expected name, summary'],
])('a module whose exports are wrong (%s) is refused', async (name, text, said) => {
  const file = join(folder(), `${name}.mjs`);
  writeFileSync(file, text);
  await expect(loadPolicyModule(file)).rejects.toThrow(`${file}: ${said}`);
});
