import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { wasmNote } from '../base/wasm.js';
import { wasmPolicies } from '../mrc/backend.js';

const hashes = new Map(
  execFileSync(process.execPath, [packageFile('harness', 'wasm', 'build.mjs'), '--hashes'], {
    encoding: 'utf8',
  })
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ') as [string, string]),
);

describe('the committed modules', () => {
  it('are those of the C sources, one each', () => {
    const modules = readdirSync(packageFile('harness', 'wasm')).filter((file) => file.endsWith('.wasm'));
    expect(modules.sort()).toEqual([...hashes.keys()].map((name) => `${name}.wasm`).sort());
  });

  it.each([...hashes])(
    '%s was built from the source that is here (else: npm run build:wasm)',
    (name, hash) => {
      expect(wasmNote(name, 'source')).toBe(hash);
    },
  );

  it('are there for every policy that runs as WebAssembly', () => {
    expect([...hashes.keys()]).toEqual(expect.arrayContaining(wasmPolicies()));
  });
});
