// Loads the files of a bundle, with the code that V8 has compiled for them before. Node's own cache of compiled code is there
// from 22.8 on only, and loading modules of ECMAScript takes a third longer than this.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import type { CodeCache, KeptCode } from './code-cache.js';

/** After which a thread keeps what it has compiled: it is ended from outside, and has no end of its own. */
const THREAD_MS = 100;

interface Loaded {
  readonly exports: unknown;
}

/** The function that a file of the bundle is the body of. */
type Body = (
  exports: object,
  require: (name: string) => unknown,
  module: Loaded,
  filename: string,
  copyOfFile: (name: string, key: string) => unknown,
  importFromOutside: (name: string) => Promise<unknown>,
) => void;
const PARAMETERS = 'exports, require, module, __filename, copyOfFile, importFromOutside';

/** A file of the bundle, compiled. */
interface Compiled {
  readonly script: Script;
  readonly source: number;
}

/** The files of one bundle in this process or thread. */
export class Bundle {
  private readonly loaded = new Map<string, Loaded>();
  private readonly scripts = new Map<string, Compiled>();
  private readonly kept: Map<string, KeptCode>;
  /** Whether a file was compiled whose code was not kept. */
  private isNew = false;
  /** Files whose code was kept. */
  accepted = 0;

  constructor(
    private readonly folder: string,
    private readonly cache: CodeCache,
  ) {
    this.kept = cache.read();
  }

  /** The exports of a file, which is run where it has not been. @param key distinguishes copies of a file */
  load(name: string, key = ''): unknown {
    const known = this.loaded.get(name + key);
    if (known) return known.exports;
    const filename = join(this.folder, name);
    const module: Loaded = { exports: {} };
    this.loaded.set(name + key, module);
    const require = createRequire(filename);
    const own = (file: string) => (file.startsWith('./') ? this.load(file.slice(2)) : require(file));
    const body = this.scriptOf(name, filename).runInThisContext() as Body;
    const copyOfFile = (file: string, copy: string) => this.load(file, `?${copy}`);
    body(module.exports as object, own, module, filename, copyOfFile, (url) => import(url));
    return module.exports;
  }

  /** Forgets that a file was run: it is run again when it is loaded. */
  forget(name: string): void {
    this.loaded.delete(name);
  }

  /** Keeps the code of all files that were loaded, where some of it is new. */
  keep(): void {
    if (!this.isNew) return;
    this.isNew = false;
    this.cache.write(() => {
      const codes = new Map(this.kept);
      for (const [name, { script, source }] of this.scripts)
        codes.set(name, { source, code: script.createCachedData() });
      return codes;
    });
  }

  private scriptOf(name: string, filename: string): Script {
    const known = this.scripts.get(name);
    if (known) return known.script;
    const bytes = readFileSync(filename);
    const source = crc32(bytes);
    const kept = this.kept.get(name);
    const script = new Script(`(function (${PARAMETERS}) {${bytes}\n})`, {
      // As stacks name modules: the border of policies looks for its own code there.
      filename: pathToFileURL(filename).href,
      cachedData: kept?.source === source ? kept.code : undefined,
    });
    // Rejected: by another build of the same version of V8.
    if (script.cachedDataRejected === false) this.accepted++;
    else if (!this.isNew) {
      this.isNew = true;
      if (!isMainThread) setTimeout(() => this.keep(), THREAD_MS).unref();
    }
    this.scripts.set(name, { script, source });
    return script;
  }
}
