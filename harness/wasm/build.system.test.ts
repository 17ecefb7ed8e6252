import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { wasmPolicies } from '../mrc/backend.js';
import { temporaryFolder } from '../testing/folder.js';
import { cannot, mustRun, runProgram } from '../testing/system.js';

/** What is used of WebAssembly here. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface PolicyExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  set_capacity(pages: number): void;
  chunk_at(): number;
  grow(limit: number): number;
  run(length: number): number;
}

const PAGES = 500;
const REQUESTS = 16_000;

/** Misses of each hundred requests of a seeded string. */
function missesOf(file: string, capacity: number): number[] {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));
  const wasm = instance.exports as PolicyExports;
  wasm.set_capacity(capacity);
  wasm.grow(PAGES);
  const misses: number[] = [];
  for (let at = 0, state = 1; at < REQUESTS; at += 100) {
    const chunk = new Int32Array(wasm.memory.buffer, wasm.chunk_at(), 100);
    for (let i = 0; i < chunk.length; i++) {
      state = (state * 48_271) % 2_147_483_647;
      chunk[i] = Math.floor(PAGES * (state / 2_147_483_647) ** 2);
    }
    misses.push(wasm.run(chunk.length));
  }
  return misses;
}

const missing = ['clang', 'wasm-ld'].filter((name) => runProgram(name, ['--version'], '.').code !== 0);
if (missing.length > 0) cannot(`building WebAssembly needs ${missing.join(' and ')}`);

describe.skipIf(missing.length > 0)('modules built from the C sources that are here', () => {
  const folder = temporaryFolder('reclaim-wasm-');

  it('build without warnings, all of them', () => {
    mustRun(process.execPath, [packageFile('harness', 'wasm', 'build.mjs'), folder()], folder());
    expect(readdirSync(folder()).sort()).toEqual(
      readdirSync(packageFile('harness', 'wasm'))
        .filter((file) => file.endsWith('.wasm'))
        .sort(),
    );
  });

  it.each(wasmPolicies())('%s does what the committed one does', (name) => {
    for (const capacity of [1, 17, 200]) {
      const built = missesOf(join(folder(), `${name}.wasm`), capacity);
      expect(built).toEqual(missesOf(packageFile('harness', 'wasm', `${name}.wasm`), capacity));
    }
  });
});
