import { readFileSync } from 'node:fs';
import { packageFile } from './package-root.js';

/** A compiled module: its code without a memory. */
interface WasmModule {
  readonly [Symbol.toStringTag]: 'WebAssembly.Module';
}

/** The memory of an instance. It is shared, as harness/wasm/build.mjs says why: a buffer stays what it is, and a longer one is there when it grows. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  /** @throws RangeError where it cannot have that many more pages of 64 KiB */
  grow(pages: number): number;
}

/** What is used of WebAssembly, of which the types of Node 20 know nothing. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => WasmMemory;
  readonly Instance: new (module: WasmModule) => { readonly exports: unknown };
};

const modules = new Map<string, WasmModule>();

/** The file of a module of this package. */
function wasmFile(name: string): string {
  return packageFile('harness', 'wasm', `${name}.wasm`);
}

/**
 * A module of this package, compiled when it is first asked for. Threads compile for themselves: V8 keeps one copy of the
 * machine code of the same bytes for all threads of the process.
 *
 * @param name of its file in harness/wasm
 */
function wasmModule(name: string): WasmModule {
  let module = modules.get(name);
  if (!module) {
    module = new WebAssembly.Module(readFileSync(wasmFile(name)));
    modules.set(name, module);
  }
  return module;
}

/** A new instance of a module, with a memory of its own. @returns its exports: the caller knows which they are */
export function wasmInstance<E>(name: string): E {
  return new WebAssembly.Instance(wasmModule(name)).exports as E;
}

/** Bytes of a page of a memory. */
export const WASM_PAGE = 65_536;
/** Pages of the largest memory: 4 GiB. */
const MOST_PAGES = 65_536;

/**
 * A memory of its own, without a module: bytes that grow where they are.
 *
 * @throws RangeError where there is no address space for it, or it would be larger than 4 GiB
 */
export function wasmMemory(bytes: number): WasmMemory {
  const initial = Math.ceil(bytes / WASM_PAGE);
  return new WebAssembly.Memory({ initial, maximum: MOST_PAGES, shared: true });
}
