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

function hashOf(resultText: string): string {
  return createHash('sha256').update(resultText).digest('hex');
}

/** The text of the file of a finished cell. */
export function entryText(inputs: string, result: CellResult): string {
  const resultText = JSON.stringify(result);
  const entry: Omit<Entry, 'result'> = { inputs, sha256: hashOf(resultText) };
  return `${JSON.stringify(entry).slice(0, -1)},"result":${resultText}}`;
}

/** Reads the file of a finished cell. A damaged one, or one of other inputs, counts as missing: its cell runs again. */
export function readEntry(text: string, inputs: string): CellResult | undefined {
  try {
    const entry = JSON.parse(text) as Partial<Entry>;
    const { result } = entry;
    if (!result || entry.inputs !== inputs || entry.sha256 !== hashOf(JSON.stringify(result)))
      return undefined;
    return result;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
