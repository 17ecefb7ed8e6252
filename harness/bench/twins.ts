import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { buildNative, missingCompiler } from '../base/native.js';
import { packageFile } from '../base/package-root.js';
import { type Backend, wasmPolicies } from '../mrc/backend.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { usableCacheFolder } from '../trace/io/cache.js';
import type { BenchCase, Suite } from './case.js';
import type { BenchInputs } from './inputs.js';
import { type PolicyTime, timePolicy } from './time-policy.js';

const FLAGS = ['-O2', '-std=c11'];
/** One repeat to warm up, and one that is timed. */
const REPEATS = 2;

const run = promisify(execFile);

function twinFile(name: string): string {
  return packageFile('harness', 'bench', 'twins', name);
}

/** Reclaim policies that have a twin in C: a file of their name. */
export function twinNames(): string[] {
  return readdirSync(twinFile('.'))
    .filter((file) => file.endsWith('.c'))
    .map((file) => file.slice(0, -2))
    .sort();
}

/** What a policy's WebAssembly module is built from: a source of its own, or its twin (see harness/wasm/build.mjs). */
function wasmSource(name: string): string {
  const own = packageFile('harness', 'wasm', `${name}.c`);
  return existsSync(own) ? own : twinFile(`${name}.c`);
}

/**
 * The program of a twin, built when it is needed and kept in the cache folder.
 *
 * @param flags more of them for the compiler
 * @param backend `wasm`: the program of the source of its WebAssembly module
 * @throws HostError with what the compiler says, or where there is none
 */
export function buildTwin(
  name: string,
  flags: readonly string[] = [],
  backend: Backend = 'js',
): Promise<string> {
  const source = backend === 'js' ? twinFile(`${name}.c`) : wasmSource(name);
  const built = {
    source,
    name: `twin-${backend}-${name}`,
    flags: [...FLAGS, ...flags],
    // A source in harness/wasm includes headers of the twins.
    against: ['twin.h', 'program.h'].map((name) => readFileSync(twinFile(name), 'utf8')).join(''),
  };
  return buildNative(built, usableCacheFolder());
}

/** Replays a file of ids in a compiled twin: what its last repeat found. */
export async function runTwin(program: string, ids: string, capacity: number): Promise<PolicyTime> {
  const { stdout } = await run(program, [ids, String(capacity), String(REPEATS)]);
  const last = stdout.trimEnd().split('\n').at(-1)!;
  const [misses, ...partsNs] = last.split(' ').map(Number);
  return { ns: partsNs.reduce((sum, ns) => sum + ns, 0), partsNs, misses: misses! };
}

/** A policy in one of our back ends against its twin. */
function twinCase(inputs: BenchInputs, suite: string, policy: string, backend: Backend): BenchCase {
  const misses = { ours: 0, twin: 0 };
  return {
    name: `${suite}/${policy}`,
    events: inputs.requests,
    async prepare() {
      await buildTwin(policy, [], backend);
      await inputs.stringFile('zipf');
    },
    async run() {
      const time = await timePolicy(policy, inputs.string('zipf'), backend);
      misses.ours = time.misses;
      return time;
    },
    async against() {
      const time = await runTwin(
        await buildTwin(policy, [], backend),
        await inputs.stringFile('zipf'),
        inputs.string('zipf').capacity,
      );
      misses.twin = time.misses;
      return time;
    },
    remark: () => String(misses.ours),
    problem: () =>
      misses.ours === misses.twin ? undefined : `${misses.ours} misses, and ${misses.twin} in its C twin`,
  };
}

/** Reclaim policies in JavaScript against the same algorithms with the same data layout in C, on the same reference string. */
export function twinSuite(inputs: BenchInputs): Suite {
  const registered = new Set(reclaimPolicies.all().map(({ name }) => name));
  return {
    name: 'twins',
    about: `each policy in JavaScript on the zipf string, against its twin in C (cc ${FLAGS.join(' ')}); their misses must be equal`,
    versus: { run: 'js', against: 'c', target: 2.5 },
    remarks: 'misses',
    cases: twinNames()
      .filter((name) => registered.has(name))
      .map((name) => twinCase(inputs, 'twins', name, 'js')),
    missing: missingCompiler,
  };
}

/** Reclaim policies in WebAssembly, as `reclaim mrc` runs them, against the programs of the same C sources. */
export function wasmSuite(inputs: BenchInputs): Suite {
  return {
    name: 'wasm',
    about: `each policy that has a WebAssembly module on the zipf string, against the program of the same C source (cc ${FLAGS.join(' ')}); their misses must be equal`,
    versus: { run: 'wasm', against: 'c', target: 1.7 },
    remarks: 'misses',
    cases: wasmPolicies().map((name) => twinCase(inputs, 'wasm', name, 'wasm')),
    missing: missingCompiler,
  };
}
