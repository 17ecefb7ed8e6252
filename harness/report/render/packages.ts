import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type PDFDocument from 'pdfkit';
import { PACKAGE_ROOT } from '../../base/package-root.js';
import { listed } from '../format.js';
import type { Format } from './formats.js';

const require = createRequire(import.meta.url);

/** What draws pictures of any format: they are optional dependencies, since nothing else needs them. */
const DRAWING = ['pdfkit', 'vega', 'vega-lite'];
/** What makes pixels of pictures, further ones by their formats. */
const FURTHER: Readonly<Partial<Record<Format, string>>> = { png: '@resvg/resvg-wasm' };

/**
 * The packages that figures of some formats need and that are not installed, as with `npm install --omit=optional`.
 *
 * @param formats besides what all pictures need
 * @param resolve finds a package by its name, and throws where there is none
 */
export function missingPackages(
  formats: readonly Format[],
  resolve: (name: string) => unknown = (name) => require.resolve(name),
): string[] {
  const needed = [...DRAWING, ...formats.flatMap((format) => FURTHER[format] ?? [])];
  return needed.filter((name) => {
    try {
      resolve(name);
      return false;
    } catch {
      return true;
    }
  });
}

/** What writes PDFs, loaded when it is needed: that takes longer than measuring and placing all texts of a report. */
export function pdfkit(): typeof PDFDocument {
  return require('pdfkit') as typeof PDFDocument;
}

/** The command that installs what was left out: of a clone, of a program that uses this package, or of all users. */
function installCommand(root: string): string {
  const above = dirname(root);
  if (basename(above) !== 'node_modules') return 'npm ci --include=optional';
  const isGlobal = !existsSync(join(dirname(above), 'package.json'));
  return `npm install --include=optional${isGlobal ? ' --global reclaim-bench' : ''}`;
}

/**
 * That packages are missing, and how they are installed.
 *
 * @param root the folder of this package
 */
export function missingText(packages: readonly string[], root = PACKAGE_ROOT): string {
  const [are, them] = packages.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return `${listed(packages)} ${are} not installed (${installCommand(root)} adds ${them})`;
}
