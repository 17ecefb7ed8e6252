import { createHash } from 'node:crypto';
import type { CellResult } from './cell.js';

/** What the file of a finished cell holds. */
interface Entry {
  /** Hash of all that the cell's result depends on. */
  readonly inputs: string;
  /** SHA-256 of the result as it is written here. */
  readonly sha256: string;
  readonly result: CellResult;
}

function hashOf(result: CellResult): string {
  return createHash('sha256').update(JSON.stringify(result)).digest('hex');
}

/** The text of the file of a finished cell. */
export function entryText(inputs: string, result: CellResult): string {
  const entry: Entry = { inputs, sha256: hashOf(result), result };
  return JSON.stringify(entry);
}

/** Reads the file of a finished cell. A damaged one, or one of other inputs, counts as missing: its cell runs again. */
export function readEntry(text: string, inputs: string): CellResult | undefined {
  try {
    const entry = JSON.parse(text) as Partial<Entry>;
    const { result } = entry;
    if (!result || entry.inputs !== inputs || entry.sha256 !== hashOf(result)) return undefined;
    return result;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
