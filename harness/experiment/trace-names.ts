import { existsSync, readFileSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { packageFile } from '../base/package-root.js';
import { printable, shortened } from '../base/printable.js';
import type { Touches } from '../base/touches.js';
import { COMPRESSED_NAME } from '../trace/io/decompress.js';
import { inputName, STDIN } from '../trace/io/input.js';
import { isRemote } from '../trace/io/remote.js';

/** A trace that ships with the package, as traces/manifest.json describes it. */
export interface ShippedTrace {
  /** File name in traces/. */
  readonly file: string;
  /** As its metadata and its index say. */
  readonly events: number;
  readonly touches: Touches;
  readonly origin: string;
  readonly summary: string;
  /** SHA-256 of the decoded content. */
  readonly sha256: string;
  readonly provenance: string;
  readonly programs: string;
  readonly commands: readonly string[];
  readonly licence: string;
}

/** The traces that ship with the package, by name. That the file is right is for its test: reading it must cost little. */
export function shippedTraces(): Map<string, ShippedTrace> {
  const text = readFileSync(packageFile('traces', 'manifest.json'), 'utf8');
  const { traces } = JSON.parse(text) as { readonly traces: Readonly<Record<string, ShippedTrace>> };
  return new Map(Object.entries(traces));
}

/** Characters of a trace's label. A figure has room for fewer, and cannot be drawn with much more. */
const MOST_LABEL = 100;

/** A trace as a user named it. */
export interface TraceName {
  /** The file to read. */
  readonly path: string;
  /** What results call it: its shipped name, or its file's name without endings. */
  readonly label: string;
  /** What messages call it. */
  readonly shown: string;
}

/**
 * Finds a trace by the name of a shipped one, by its path, or by its address (http, https).
 *
 * @param folder that relative paths are relative to
 * @throws InputError for what looks like the name of a shipped trace but is not one
 */
export function findTrace(name: string, folder = ''): TraceName {
  if (name === STDIN) return { path: name, label: 'stdin', shown: inputName(name) };
  const shipped = shippedTraces().get(name);
  if (shipped) return { path: packageFile('traces', shipped.file), label: name, shown: name };
  if (isRemote(name)) return { path: name, label: labelOf(new URL(name).pathname), shown: name };
  const path = isAbsolute(name) ? name : join(folder, name);
  if (/^[a-z0-9-]+$/.test(name) && !existsSync(path))
    throw unknownName('shipped trace', name, [...shippedTraces().keys()]);
  return { path, label: labelOf(path), shown: path };
}

/** @throws InputError for a name that is too long for what shows it: not cut, as traces are told from each other by it */
function labelOf(path: string): string {
  const label = printable(
    basename(path)
      .replace(COMPRESSED_NAME, '')
      .replace(/\.(csv|rtrace|txt)$/, ''),
  );
  if (label.length > MOST_LABEL)
    throw new InputError(
      `the name of this trace has ${label.length} characters, and results and figures show it; expected at most ${MOST_LABEL}`,
      { file: shortened(path, MOST_LABEL) },
    );
  return label;
}
