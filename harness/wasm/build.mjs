// Builds the WebAssembly modules of this folder from their C sources: npm run build:wasm. The modules are committed, so that
// neither users nor the build of the package need a compiler for them.
//
// Usage: build.mjs [FOLDER]   writes the modules to FOLDER, by default here
//        build.mjs --hashes   prints what each module is to be built from: a line NAME HASH for each
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const TWINS = join(dirname(HERE), 'bench', 'twins');
const COMPILER = 'clang';
const FLAGS = [
  '--target=wasm32',
  '-O3',
  '-std=c11',
  // Filling and copying memory are instructions: there is no C library.
  '-mbulk-memory',
  '-nostdlib',
  '-Wall',
  '-Werror',
  // Of one thread, but shared: a memory that is not detaches its buffer when it grows. From the first time that any buffer was
  // detached V8 checks each access to a typed array for that, in all code of the thread: a tenth to a half of a policy in JavaScript.
  '-matomics',
  '-Wl,--shared-memory,--max-memory=4294967296',
  '-Wl,--no-entry,--strip-all,-z,stack-size=8192',
];
/** The custom section that says what a module was built from. */
const SECTION = 'source';

/** Names of the C files of a folder. */
function namesIn(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.c'));
  return files.map((file) => file.slice(0, -2)).sort();
}

/** The C sources: those of this folder, and the twins of the policies that have none here. */
function sources() {
  const own = namesIn(HERE);
  const twins = namesIn(TWINS).filter((name) => !own.includes(name));
  return [...twins.map((name) => ({ folder: TWINS, name })), ...own.map((name) => ({ folder: HERE, name }))];
}

/** Of the flags, the C file and all headers. */
function sourceHash({ folder, name }) {
  const headers = [TWINS, HERE].flatMap((from) =>
    readdirSync(from)
      .filter((file) => file.endsWith('.h') && file !== 'program.h')
      .sort()
      .map((file) => ({ from, file })),
  );
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const { from, file } of [{ from: folder, file: `${name}.c` }, ...headers])
    hash.update(`\n${file}\n`).update(readFileSync(join(from, file)));
  return hash.digest('hex');
}

/** A number below 2^14 as unsigned LEB128. */
function leb(value) {
  return value < 128 ? [value] : [(value & 127) | 128, value >> 7];
}

/** A custom section: https://webassembly.github.io/spec/core/binary/modules.html#custom-section */
function section(name, text) {
  const content = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from(text)]);
  return Buffer.concat([Buffer.from([0, ...leb(content.length)]), content]);
}

function build(source, folder) {
  const path = join(folder, `${source.name}.wasm`);
  execFileSync(COMPILER, [...FLAGS, '-o', path, join(source.folder, `${source.name}.c`)], {
    stdio: 'inherit',
  });
  writeFileSync(path, Buffer.concat([readFileSync(path), section(SECTION, sourceHash(source))]));
  chmodSync(path, 0o644);
}

const [argument = HERE] = process.argv.slice(2);
for (const source of sources()) {
  if (argument === '--hashes') console.log(`${source.name} ${sourceHash(source)}`);
  else build(source, argument);
}
