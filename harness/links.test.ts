import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from './base/package-root.js';

/** The Markdown files of the repository. */
function documents(): string[] {
  const top = readdirSync(PACKAGE_ROOT).filter((name) => name.endsWith('.md'));
  const below = ['harness', 'workloads', 'traces', 'results'].flatMap((folder) =>
    (readdirSync(join(PACKAGE_ROOT, folder), { recursive: true }) as string[])
      .filter((name) => name.endsWith('.md') && !name.startsWith('runs'))
      .map((name) => join(folder, name)),
  );
  return [...top, ...below].map((name) => join(PACKAGE_ROOT, name));
}

/** A document without its code blocks. */
function proseOf(document: string): string {
  return readFileSync(document, 'utf8').replace(/```.*?```/gs, '');
}

/** The anchors of its headings, as GitHub makes them. */
function anchorsOf(document: string): string[] {
  return [...proseOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Whether a link of a document leads to a file here, and to a heading of it where it names one. */
function leadsSomewhere(document: string, link: string): boolean {
  const [path, anchor] = link.split('#') as [string, string?];
  const target = path === '' ? document : join(dirname(document), path);
  if (!existsSync(target)) return false;
  return anchor === undefined || !target.endsWith('.md') || anchorsOf(target).includes(anchor);
}

it('links of documents lead to files, and to headings', () => {
  const broken = documents().flatMap((document) =>
    [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1]!)
      .filter((link) => !link.startsWith('https:') && !leadsSomewhere(document, link))
      .map((link) => `${relative(PACKAGE_ROOT, document)}: ${link}`),
  );
  expect(broken).toEqual([]);
});
