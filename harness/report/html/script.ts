import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageFile } from '../../base/package-root.js';

/** The module that a page starts, as built. */
const ENTRY = packageFile('dist', 'harness', 'report', 'html', 'client', 'main.js');

const IMPORT = /^import \{([^}]*)\} from ["'](\.[^"']+)["'];\n/gm;
const EXPORT = /^export ((?:async )?function|class|const) (\w+)/gm;

/** The modules that one needs, itself last. */
function inOrder(path: string, found: Map<string, string>): void {
  if (found.has(path)) return;
  const text = readFileSync(path, 'utf8');
  for (const [, , specifier] of text.matchAll(IMPORT)) inOrder(join(dirname(path), specifier!), found);
  found.set(path, text);
}

/** A module as the value of a function: what it exports, as an object. */
function wrapped(path: string, text: string, nameOf: (path: string) => string): string {
  const names = [...text.matchAll(EXPORT)].map((match) => match[2]);
  const body = text
    .replace(IMPORT, (_all, bindings: string, specifier: string) => {
      const picked = bindings.trim().replace(/ as /g, ': ');
      return `const { ${picked} } = ${nameOf(join(dirname(path), specifier))};\n`;
    })
    .replace(EXPORT, '$1 $2')
    .replace(/^export \{\};\n/gm, '');
  const rest = /^(import|export)\b.*/m.exec(body);
  if (rest) throw new Error(`${path}: "${rest[0]}" cannot be put into a page`);
  return `const ${nameOf(path)} = (() => {\n${body}return { ${names.join(', ')} };\n})();\n`;
}

/**
 * The script of a page: the modules of `client/` in one text, in the order of their imports. Each is a function of its own,
 * so that names of one do not meet those of another. It knows the forms of import and export that these modules use.
 */
export function clientScript(entry: string = ENTRY): string {
  const modules = new Map<string, string>();
  inOrder(entry, modules);
  const paths = [...modules.keys()];
  const nameOf = (path: string) => `module${paths.indexOf(path)}`;
  const parts = paths.map((path) => wrapped(path, modules.get(path)!, nameOf));
  return `'use strict';\n${parts.join('')}`;
}
