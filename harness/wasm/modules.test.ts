import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { WASM_PAGE, type WasmMemory, wasmInstance } from '../base/wasm.js';
import { wasmPolicies } from '../mrc/backend.js';

/** What is used of WebAssembly here. */
declare const WebAssembly: {
  readonly Module: {
    new (bytes: Uint8Array): object;
    customSections(module: object, name: string): ArrayBuffer[];
  };
};

/** What a module says that it was built from. */
function builtFrom(name: string): string | undefined {
  const module = new WebAssembly.Module(readFileSync(packageFile('harness', 'wasm', `${name}.wasm`)));
  return WebAssembly.Module.customSections(module, 'source').map((bytes) => Buffer.from(bytes).toString())[0];
}

const hashes = new Map(
  execFileSync(process.execPath, [packageFile('harness', 'wasm', 'build.mjs'), '--hashes'], {
    encoding: 'utf8',
  })
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ') as [string, string]),
);

describe('the committed modules', () => {
  it.each([...hashes.keys()])('%s detaches no buffer when its memory grows', (name) => {
    const { memory } = wasmInstance<{ readonly memory: WasmMemory }>(name);
    const { buffer } = memory;
    const before = buffer.byteLength;
    memory.grow(1);
    expect(buffer.byteLength).toBe(before);
    expect(memory.buffer.byteLength).toBe(before + WASM_PAGE);
  });

  it('are those of the C sources, one each', () => {
    const modules = readdirSync(packageFile('harness', 'wasm')).filter((file) => file.endsWith('.wasm'));
    expect(modules.sort()).toEqual([...hashes.keys()].map((name) => `${name}.wasm`).sort());
  });

  it.each([...hashes])(
    '%s was built from the source that is here (else: npm run build:wasm)',
    (name, hash) => {
      expect(builtFrom(name)).toBe(hash);
    },
  );

  it('are there for every policy that runs as WebAssembly', () => {
    expect([...hashes.keys()]).toEqual(expect.arrayContaining(wasmPolicies()));
  });
});
