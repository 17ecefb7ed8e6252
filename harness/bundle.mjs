// Bundles the command line: modules of ours and of packages that nearly every command loads, in few files. Loading 460 files
// one by one is most of what a short command costs. They are scripts, not modules of ECMAScript: V8 can be given code that it
// has compiled before for those only (harness/start).
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { plainExports } from './start/plain-exports.mjs';

/** What processes and threads start from, as `entryFile` in base/package-root.ts names it. */
const ENTRIES = [
  ['cli'],
  ['experiment', 'worker'],
  ['mrc', 'sweep-worker'],
  ['commands', 'command-worker'],
  ['commands', 'draw-worker'],
  ['guard', 'guard-process'],
  ['bench', 'shared-process-worker'],
];
/** Modules that are loaded once for each policy, under a query string: their code must be in a file that is only theirs. */
const OWN_COPIES = ['mrc/simulate', 'mrc/simulate-bytes'];
const OWN = /\?own.*$/;
/** How the files of entries end: without it is what processes and threads start from. */
const MAIN = '-main';
/** What is loaded first, and loads the others. */
const START = ['start', 'start.js'];
/** Packages that stay packages: few commands need them, they read files of their own, or they bring no text of their licence. */
const PACKAGES = /^(pdfkit|tinybench|seedrandom|xz-decompress|es-module-lexer|@resvg\/resvg-wasm)(\/|$)/;
/** Bundles that are kept: commands that run load the rest of theirs when they need it. */
const KEPT_BUNDLES = 8;

/** What the bundle has instead of modules that are imported under a query string, or from outside: see `Body` in start/start.ts. */
const COPIES = [
  // Where a module is imported at the top: a script cannot wait there.
  {
    pattern: /const (\w+) = await ownListPolicy\(["']([\w-]+)["']\);/g,
    instead: (_, name, policy) =>
      `import { ListPolicy as ${name} } from './structures/list-policy.js?own-${policy}';`,
  },
  {
    pattern: /await import\(\s*\/\* @vite-ignore \*\/\s*`\.\/(simulate(?:-bytes)?)\.js\?\$\{(.*?)\}`\s*\)/g,
    instead: (_, name, policy) => `copyOfFile('${name}.cjs', ${policy})`,
  },
  // Node's own loader is not there for code that V8 has compiled before.
  { pattern: /await import\((?=pathToFileURL|["']node:)/g, instead: () => 'await importFromOutside(' },
];

/** Reads modules with copies of their own once more for each. */
const ownCopies = {
  name: 'own-copies',
  resolveId: (id, importer) => {
    if (!OWN.test(id)) return undefined;
    return id.startsWith('.') ? join(dirname(importer), id) : id;
  },
  load: (id) => (OWN.test(id) ? readFileSync(id.replace(OWN, ''), 'utf8') : undefined),
  transform: (code, id) => {
    if (id.includes('node_modules')) return undefined;
    const text = COPIES.reduce((before, { pattern, instead }) => before.replace(pattern, instead), code);
    if (/= await ownListPolicy|import\([^)]*\/simulate/.test(text))
      throw new Error(`${id} imports a copy of a module in another way than before`);
    return text;
  },
};

/** What string-width makes when it is loaded, and only help needs: 12 ms, as data of languages are read for it. */
const LAZY = [
  {
    mark: 'new Intl.Segmenter',
    made: 'const segmenter = new Intl.Segmenter();',
    lazy: 'let known;\nconst segmenter = { segment: (text) => (known ??= new Intl.Segmenter()).segment(text) };',
  },
  {
    mark: '/^\\p{RGI_Emoji}',
    made: 'const rgiEmojiRegex = /^\\p{RGI_Emoji}$/v;',
    lazy: 'let emoji;\nconst rgiEmojiRegex = { test: (text) => (emoji ??= /^\\p{RGI_Emoji}$/v).test(text) };',
  },
];
/** Vega waits for a package that paints pictures where it is loaded, which a script cannot: we paint none. */
const noCanvas = {
  name: 'no-canvas',
  resolveId: (id, importer) =>
    id === 'vega-canvas'
      ? join(dirname(dirname(createRequire(importer).resolve(id))), 'index.browser.js')
      : undefined,
};
const lazyWidths = {
  name: 'lazy-widths',
  transform(code, id) {
    if (!/[\\/]string-width[\\/]index\.js$/.test(id)) return undefined;
    return LAZY.reduce((text, { mark, made, lazy }) => {
      if (!text.includes(mark)) return text;
      if (!text.includes(made)) throw new Error(`${id} makes ${mark} in another way than before`);
      return text.replace(made, () => lazy);
    }, code);
  },
};

/** What both bundles are written as. */
const OUTPUT = {
  format: 'cjs',
  exports: 'named',
  entryFileNames: '[name].cjs',
  // With less text there is less to compile; names of functions stay, for stacks.
  minify: { compress: false, mangle: { toplevel: false, keepNames: true }, codegen: true },
};

/** The files of the bundle by their names. @param {string} modules folder of the compiled modules */
async function bundled(modules) {
  const at = (path) => join(modules, 'harness', `${path}.js`);
  const bundle = await rolldown({
    input: Object.fromEntries([
      ...ENTRIES.map((parts) => [parts.join('-') + MAIN, at(parts.join('/'))]),
      ...OWN_COPIES.map((path) => [basename(path), `${at(path)}?own`]),
    ]),
    platform: 'node',
    external: [PACKAGES],
    plugins: [ownCopies, noCanvas, lazyWidths],
    // Of yargs.
    transform: { define: { 'import.meta.resolve': 'require.resolve' } },
  });
  const { output } = await bundle.generate({ ...OUTPUT, chunkFileNames: 'chunk-[hash].cjs' });
  await bundle.close();
  return output;
}

/** What loads the files of the bundle, in one file. */
async function startFile(modules) {
  const bundle = await rolldown({ input: join(modules, 'harness', ...START), platform: 'node' });
  const { output } = await bundle.generate({ ...OUTPUT, codeSplitting: false });
  await bundle.close();
  return output[0].code;
}

/** Licences of the packages that are in a bundle, with their texts. @param {readonly { moduleIds?: string[] }[]} chunks */
function licenceTexts(chunks, root) {
  const folders = new Set();
  for (const { moduleIds = [] } of chunks)
    for (const id of moduleIds) {
      const folder = /^.*[\\/]node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];
      if (folder) folders.add(folder);
    }
  return [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${relative(root, folder)} has no file LICENSE to ship with its code`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
}

/** Hashes of compiled modules by path, for `codeHash`. */
function moduleHashes(modules) {
  const names = readdirSync(modules, { recursive: true }).filter((name) => name.endsWith('.js'));
  return Object.fromEntries(
    names.map((name) => [
      name.replaceAll('\\', '/'),
      createHash('sha256')
        .update(readFileSync(join(modules, name)))
        .digest('hex'),
    ]),
  );
}

/**
 * Bundles compiled modules into a folder of its own below `bin`, named by its content, and never changes it again.
 *
 * @param {string} root folder of the package
 * @param {string} modules folder of the compiled modules
 * @param {string} bin
 * @returns {Promise<string>} name of the folder
 */
export async function bundleInto(root, modules, bin) {
  const chunks = await bundled(modules);
  const files = new Map(chunks.map(({ fileName, code }) => [fileName, plainExports(code)]));
  files.set('start.cjs', await startFile(modules));
  for (const parts of ENTRIES) {
    const name = parts.join('-');
    files.set(`${name}.cjs`, `require('./start.cjs').start(__dirname, '${name}${MAIN}.cjs');\n`);
  }
  files.set('code.json', JSON.stringify(moduleHashes(modules)));
  files.set('LICENCES.txt', licenceTexts(chunks, root).join(`\n${'-'.repeat(80)}\n\n`));
  const hash = createHash('sha256');
  for (const [name, text] of files) hash.update(JSON.stringify([name, text]));
  const id = hash.digest('hex').slice(0, 16);
  const folder = join(bin, id);
  if (!existsSync(folder)) {
    const next = `${folder}.${process.pid}.tmp`;
    mkdirSync(next, { recursive: true });
    for (const [name, text] of files) writeFileSync(join(next, name), text);
    renameSync(next, folder);
  }
  return id;
}

/**
 * Makes a bundle the one that is packed, and removes the oldest.
 *
 * @param {string} bin
 * @param {string} current
 */
export function keepBundles(bin, current) {
  const now = new Date();
  utimesSync(join(bin, current), now, now);
  const age = (name) => statSync(join(bin, name)).mtimeMs;
  const newest = readdirSync(bin).sort((a, b) => age(b) - age(a));
  for (const [i, name] of newest.entries()) {
    const mark = join(bin, name, '.npmignore');
    if (i >= KEPT_BUNDLES) rmSync(join(bin, name), { recursive: true, force: true });
    else if (name === current) rmSync(mark, { force: true });
    else if (!existsSync(mark)) writeFileSync(mark, '*\n');
  }
}
