import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadPolicyModule } from '../../modules/load.js';
import { temporaryFolder } from '../../testing/folder.js';
import { run } from '../../testing/machine.js';
import { DISCARD_OFFENCES, discardModule, OFFENCES, policyModule } from '../../testing/offences.js';
import { timed } from '../../testing/traces.js';
import type { ReclaimPolicyInfo } from '../reclaim/contract.js';
import { reclaimPolicies } from '../reclaim/registry.js';
import type { Chosen } from '../registry.js';
import { PolicyOffence } from './border.js';

const folder = temporaryFolder('reclaim-border-');

/** Loads a module of this text. Returns its file. */
async function load(name: string, text: string): Promise<string> {
  const file = join(folder(), `${name}.mjs`);
  writeFileSync(file, text);
  await loadPolicyModule(file, 1);
  return file;
}

/** The text of a module with the policies of several: each module is first tried in a thread of its own, which takes longer. */
function together(kind: 'reclaim' | 'discard', texts: readonly string[]): string {
  const parts = texts.map(
    (text) => `...(() => {\n${text.replace(`export const ${kind} =`, 'return')}})(),\n`,
  );
  return `export const ${kind} = [\n${parts.join('')}];\n`;
}

/** More pages than the limit of 6, used twice, discarded, and written again. */
const TRACE = [
  'spawn,1,,,',
  'map,1,0,20,anon',
  'write,1,0,20,',
  'read,1,0,20,',
  'limit,,,6,',
  'discard,1,0,20,',
  'write,1,0,20,',
];

/** Seconds until a policy that never comes back is stopped. To load a module may take longer on a busy host. */
const ENDLESS_S = 0.3;

/** A reclaim policy, which is given less time where it never comes back. */
function impatient(name: string): Chosen<ReclaimPolicyInfo> {
  const chosen = reclaimPolicies.choose(name);
  const { info } = chosen;
  if (!info.module || !name.includes('endless')) return chosen;
  return { ...chosen, info: { ...info, module: { ...info.module, timeoutS: ENDLESS_S } } };
}

/** The error of a replay under the policies. */
async function errorOf({ reclaim = 'linux', discard = 'keep' }): Promise<unknown> {
  const policies = { reclaim: impatient(reclaim), discard };
  return run(timed(TRACE), { ...policies, swap: 'ssd', limit: 'trace', check: false }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a reclaim policy from outside', () => {
  it('that keeps its contract runs', async () => {
    await load('good', policyModule('good'));
    expect(await errorOf({ reclaim: 'good' })).toBeUndefined();
  });

  let file: string;
  beforeAll(async () => {
    const texts = OFFENCES.map((offence) => policyModule(offence.name, offence));
    file = await load('offences', together('reclaim', texts));
  });

  it.each(OFFENCES)('$name is blamed by module, method and offence', async ({ name, blamed }) => {
    const error = await errorOf({ reclaim: name });
    expect(error).toBeInstanceOf(PolicyOffence);
    const { message } = error as Error;
    expect(message).toMatch(blamed);
    expect(message.startsWith(`${file}: reclaim policy ${name}: `), message).toBe(true);
  });

  it.each([
    ['create-throws', 'throw new Error("no");', /create threw Error: no/],
    ['create-nothing', 'return null;', /create returned null, expected a policy/],
    ['create-half', 'return { evict() {} };', /create returned a policy without insert, reject/],
    ['create-async', 'return Promise.resolve({});', /create returned a promise/],
    [
      'create-junk',
      'return { ...methods, touch: 5, counters: { pgscan: 0 } };',
      /its touch is 5, expected a method/,
    ],
  ])('%s is blamed', async (name, code, blamed) => {
    await load(
      name,
      `const none = () => {};
       const methods = { evict: none, insert: none, reject: none, remove: none, resize: none, grow: none };
       export const reclaim = [{ name: '${name}', summary: '', source: '', complexity: '', parameters: {}, create() { ${code} } }];`,
    );
    expect(String(await errorOf({ reclaim: name }))).toMatch(blamed);
  });

  it('that chooses a page which it was told to remove is blamed', async () => {
    const offence = {
      method: 'insert',
      code: 'this.remove = () => {}; this.evict = (v) => { v[0] = this.pages.shift(); return 1; };',
    } as const;
    await load('zombie', policyModule('zombie', offence));
    expect(String(await errorOf({ reclaim: 'zombie', discard: 'dontneed' }))).toMatch(
      /is not resident|told to remove/,
    );
  });
});

describe('a reclaim policy of this package', () => {
  it.each(['linux', 'mglru'])(
    '%s that does not swap runs out of memory, and keeps its contract',
    async (name) => {
      const options = { reclaim: name, swap: 'ssd', limit: 6 } as const;
      const write = 'write,1,0,20,';
      const lines = ['spawn,1,,,', 'map,1,0,20,anon'];
      const result = await run(timed([...lines, write]), { ...options, reclaim: `${name}:swappiness=0` });
      expect(result.outcome).toBe('oom');
      expect((await run(timed([...lines, 'set,,,,vm.swappiness=0', write]), options)).outcome).toBe('oom');
      expect((await run(timed([...lines, write]), options)).outcome).toBe('ok');
    },
  );
});

describe('a discard policy from outside', () => {
  let file: string;
  beforeAll(async () => {
    const texts = DISCARD_OFFENCES.map(({ name, code }) => discardModule(name, code));
    file = await load('discard-offences', together('discard', texts));
  });

  it.each(DISCARD_OFFENCES)('$name is blamed by module, method and offence', async ({ name, blamed }) => {
    const error = await errorOf({ discard: name });
    expect(error).toBeInstanceOf(PolicyOffence);
    expect((error as Error).message).toMatch(blamed);
    expect((error as Error).message.startsWith(`${file}: discard policy ${name}: `)).toBe(true);
  });

  it('is not blamed for what the machine throws, even if it catches that', async () => {
    await load('catches', discardModule('catches', 'try { this.program.regenerate(range, 0); } catch {}'));
    const trace = timed([
      'spawn,1,,,',
      'map,1,0,9,anon',
      'lock,1,0,9,',
      'limit,,,9,',
      'map,1,50,9,anon',
      'discard,1,50,9,',
    ]);
    const result = await run(trace, { discard: 'catches', swap: 'none', limit: 'trace', check: false });
    expect(result.outcome).toBe('oom');
  });
});

describe('a module', () => {
  it.each([
    ['never-loads', 'for (;;);', /is not loaded after 1 s/],
    ['exits', 'process.exit(0);', /it ends the process/],
    ['throws', 'throw new Error("no\\nway");', /cannot be loaded as a module: no$/],
    ['syntax', 'export const = 1;', /cannot be loaded as a module/],
    [
      'parameters',
      `export const reclaim = [{ name: 'p', summary: '', source: '', parameters: { x: 5 }, create() {} }];`,
      /its parameter x is incomplete, expected kind/,
    ],
  ])('%s is refused', async (name, text, why) => {
    await expect(load(`module-${name}`, text)).rejects.toThrow(why);
  });
});

describe('policies of this package', () => {
  it('have no border around them without --check, those of modules have one', async () => {
    await load('bordered', policyModule('bordered'));
    const bordered = reclaimPolicies.all().filter(({ create }) => String(create).includes('CheckedReclaim'));
    expect(bordered.map(({ name }) => name)).toContain('bordered');
    expect(bordered.filter(({ module }) => !module)).toEqual([]);
  });

  it.each(
    reclaimPolicies
      .all()
      .filter(({ unbounded, module }) => !unbounded && !module)
      .map(({ name }) => name),
  )('%s keeps its contract under --check', async (reclaim) => {
    const result = await run(timed(TRACE), { reclaim, swap: 'ssd', check: true });
    expect(result.outcome).toBe('ok');
  });
});
