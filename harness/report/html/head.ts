import { digest, raw } from './inline.js';
import { html, Markup } from './markup.js';

/** What pages differ in before their body. */
interface PageHead {
  readonly title: string;
  /** All style sheets of the page, as one. */
  readonly style: string;
  /** Its script, where it has one. */
  readonly script?: string;
  /** Of the program that wrote it. */
  readonly version: string;
}

/** A page up to its body. It may load nothing, and run only what is in it. */
export function pageHead({ title, style, script, version }: PageHead): Markup {
  const scripts = script === undefined ? '' : `script-src ${digest(script)}; `;
  const policy = `default-src 'none'; ${scripts}style-src ${digest(style)}; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="reclaim-bench ${version}">
<title>${title}</title>
${raw('style', style)}</head>`;
}
