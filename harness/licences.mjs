// Lists the licences of all packages of package-lock.json, and fails for one that is not known to be fine.
// Usage: npm run licences
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Licences that ask for no more than their text and a notice. */
const ALLOWED = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'Zlib']);

/** Packages with other licences, each with the reason why it is fine here. */
const EXCEPTIONS = {
  '@resvg/resvg-wasm': ['MPL-2.0', 'used unchanged, as a package of its own: MPL-2.0 covers its files only'],
  'axe-core': ['MPL-2.0', 'development only (a test of report.html), not in the package'],
  lightningcss: ['MPL-2.0', 'development only (vite), not in the package'],
  'robust-predicates': ['Unlicense', 'public domain'],
  minimatch: ['BlueOak-1.0.0', 'permissive; development only (typedoc)'],
  sax: ['BlueOak-1.0.0', 'permissive; development only (junit2json, in a test of the gate)'],
  argparse: ['Python-2.0', 'permissive; development only (typedoc)'],
};
/** Packages whose package.json lacks the field, and what their file LICENSE says. */
const WITHOUT_FIELD = { 'png-js': ['MIT', /Permission is hereby granted, free of charge/] };

/** @param {string} expression an SPDX expression */
function isAllowed(expression) {
  const either = expression.replace(/[()]/g, '').split(' OR ');
  return either.some((all) => all.split(' AND ').every((licence) => ALLOWED.has(licence.trim())));
}

/** @param {string} folder @param {string} name */
function fromFile(folder, name) {
  const [licence, text] = WITHOUT_FIELD[name] ?? [];
  const path = join(ROOT, folder);
  const file = existsSync(path) && readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry));
  return licence && file && text.test(readFileSync(join(path, file), 'utf8')) ? licence : undefined;
}

/** @param {string} name platforms have packages of their own: lightningcss-linux-x64-gnu */
function family(name) {
  return name.replace(/-(darwin|linux|win32|freebsd|android)-.*$/, '');
}

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const problems = [];
const used = new Set();
for (const [folder, { version, license, dev }] of Object.entries(packages)) {
  if (folder === '') continue;
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const licence = license ?? fromFile(folder, name);
  const [excepted, why] = EXCEPTIONS[family(name)] ?? [];
  const fine = licence !== undefined && (isAllowed(licence) || licence === excepted);
  if (excepted !== undefined && licence === excepted) used.add(family(name));
  if (!fine) problems.push(`${name}@${version}: ${licence ?? 'no licence'}`);
  const note = licence === excepted ? why : license === undefined ? 'from its file LICENSE' : '';
  console.log([`${name}@${version}`, licence ?? '-', dev ? 'development' : 'production', note].join('\t'));
}
for (const name of Object.keys(EXCEPTIONS))
  if (!used.has(name)) problems.push(`the exception for ${name} is not needed any more`);
for (const problem of problems) console.error(`licence: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
