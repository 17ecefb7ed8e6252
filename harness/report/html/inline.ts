/** What pages have inside them instead of loading it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { packageFile } from '../../base/package-root.js';
import { Markup } from './markup.js';

/** The style sheets of this folder, by name, as one. */
export function styleSheet(names: readonly string[]): string {
  return names
    .map((name) => readFileSync(packageFile('harness', 'report', 'html', `${name}.css`), 'utf8'))
    .join('');
}

/** Digest of an inline script or style, for the policy of what the page may run. */
export function digest(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** An element's whole text: nothing in it is escaped by HTML, so nothing in it may end it. */
export function raw(tag: 'script' | 'style', text: string): Markup {
  if (text.includes(`</${tag}`)) throw new Error(`the ${tag} of the page ends itself`);
  return new Markup(`<${tag}>${text}</${tag}>\n`);
}
