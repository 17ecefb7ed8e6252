import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folder.js';
import { moduleHash } from './files.js';

const folder = temporaryFolder('reclaim-module-files-');

function file(name: string, text: string): string {
  const path = join(folder(), name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

describe('the hash of a policy module', () => {
  it('covers what it imports, and what that imports', async () => {
    const policy = file(
      'a/policy.mjs',
      "import { step } from './lib.mjs';\nexport const reclaim = [step];\n",
    );
    file('a/lib.mjs', "export * from '../deep.mjs';\nimport data from './d.json' with { type: 'json' };\n");
    file('a/d.json', '{"n": 1}');
    file('deep.mjs', 'export const step = 1;\n');
    const hashes = new Set([await moduleHash(policy)]);
    for (const [name, text] of [
      ['deep.mjs', 'export const step = 2;\n'],
      ['a/d.json', '{"n": 2}'],
      ['a/policy.mjs', "import { step } from './lib.mjs';\nexport const reclaim = [step, 2];\n"],
    ] as const) {
      file(name, text);
      hashes.add(await moduleHash(policy));
    }
    expect(hashes.size).toBe(4);
    expect(await moduleHash(policy)).toBe(await moduleHash(policy));
  });

  it('does not depend on where it lies, nor on modules that import each other', async () => {
    const at = (place: string) => {
      file(`${place}/b.mjs`, "import './c.mjs';\nexport const reclaim = await import('./c.mjs');\n");
      file(`${place}/c.mjs`, "import './b.mjs';\nimport { join } from 'node:path';\n");
      return moduleHash(join(folder(), place, 'b.mjs'));
    };
    expect(await at('one')).toBe(await at('two'));
  });

  it('knows what TypeScript imports besides types', async () => {
    const types =
      "import type {\n  Pages,\n} from 'reclaim-bench';\nexport type { Pages } from 'reclaim-bench';\n";
    const code =
      'const pages = new Set<number>();\nexport const reclaim: unknown[] = [pages as Set<number>];\n';
    expect(await moduleHash(file('typed.ts', types + code))).toMatch(/^[0-9a-f]{64}$/);
    await expect(
      moduleHash(file('typed.ts', `import { TRAIT } from 'reclaim-bench';\n${code}`)),
    ).rejects.toThrow(/it imports the package reclaim-bench/);
  });

  it.each([
    [
      "import x from 'left-pad';",
      /it imports the package left-pad: what its results depend on cannot be known/,
    ],
    ["import { readFileSync } from 'node:fs';", /it imports node:fs, with which it may read anything/],
    ["import { readFile } from 'fs/promises';", /it imports fs\/promises, with which/],
    ['const x = await import(process.env.NAME);', /it imports what a variable names/],
    ["const x = require('./x.cjs');", /it calls require/],
    ["import './missing.mjs';", /missing\.mjs|no such file/],
    ['import {', /cannot be read as a module/],
  ])('is refused for %s', async (text, message) => {
    await expect(moduleHash(file('wrong.mjs', text))).rejects.toThrow(message);
  });
});
