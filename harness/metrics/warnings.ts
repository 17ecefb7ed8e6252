import { counted } from '../base/text.js';
import type { RunRow } from './files.js';

/** Something a reader of results must know, and what to do about it. Tables, JSON and reports show the same ones. */
export interface Warning {
  readonly what: string;
  readonly advice: string;
}

/** What a reader of results of a sample must know. @param sample one in this number of pages was replayed */
export function sampleWarning(sample: number): Warning {
  return {
    what: `one in ${sample} pages was replayed: limits are ${sample} times smaller there, and results multiplied by ${sample}`,
    advice:
      'Memory, faults, I/O and stalls are estimates; counts of calls, mappings and page tables are as counted. Rare events, rates and equal pages are not to be read from a sample.',
  };
}

/** What falsifies numbers of a run, by the metric that counts it. */
const FALSIFIERS = [
  {
    metric: 'advice_ignored',
    what: (count: number) => `advice for huge pages has no effect here (${counted(count, 'call')})`,
    advice:
      'Memory and faults are those of small pages: on a live kernel with huge pages, memory can be many times as much, and faults fewer.',
  },
  {
    metric: 'unmade_touches',
    what: (count: number) =>
      `touches were left out, as the calls that they rely on had failed (${count} touched pages)`,
    advice: 'Look at calls.csv for the calls and their errors; reclaim trace validate names the first line.',
  },
  {
    metric: 'call_errors',
    what: (count: number) => `calls of the trace returned errors (${counted(count, 'call')})`,
    advice:
      'The program went on, as it would on a live kernel. Where every call fails, the trace gives nothing back: look at calls.csv.',
  },
] as const satisfies readonly {
  metric: keyof RunRow;
  what: (count: number) => string;
  advice: string;
}[];

/** What a reader of a run must know of the calls of its trace. */
export function callWarnings(row: Pick<RunRow, (typeof FALSIFIERS)[number]['metric']>): Warning[] {
  return FALSIFIERS.flatMap(({ metric, what, advice }) => {
    const count = row[metric];
    return typeof count === 'number' && count > 0 ? [{ what: what(count), advice }] : [];
  });
}
