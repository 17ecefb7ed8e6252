import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { slug } from '../../base/text.js';
import { AXIS_COLUMNS } from '../../metrics/axes.js';
import type { DrawsByCell } from '../../metrics/draws.js';
import type { ResultFile, ResultRow, RunRow, TimelineRow } from '../../metrics/files.js';
import type { Manifest } from '../../metrics/manifest.js';
import type { ResultsFolder } from '../../metrics/results.js';
import {
  type Axis,
  axisLabel,
  comparedAxis,
  isRanked,
  rowName,
  type TraceFacts,
  varyingColumns,
} from '../comparison.js';
import { traceFacts } from '../facts.js';
import { shortNames } from './names.js';

/** The axes that are the same in one picture, unless they are compared: each combination of values has its own. Only one seed is drawn. */
const FIXED_AXES = AXIS_COLUMNS.filter((column) => column !== 'limit' && column !== 'seed');

/** Cells that belong in one picture: they differ in trace, limit and the compared policy. */
export interface Part {
  /** What distinguishes it from the other parts, for names of files; empty where there is one part. */
  readonly suffix: string;
  /** The same for captions. */
  readonly label: string;
  readonly runs: readonly RunRow[];
  readonly traces: readonly TraceFacts[];
}

/** The most traces in a picture: below each other they fill a page, with a caption. */
const MAX_TRACES = 3;

/** Results as figures read them: the rows, and what the manifest says of their traces. */
export class FigureData {
  private names: ReadonlyMap<string, string> | undefined;
  private byCell: Map<number, TimelineRow[]> | undefined;

  constructor(private readonly results: ResultsFolder) {}

  rows<F extends ResultFile>(file: F): readonly ResultRow<F>[] {
    return this.results.rows(file);
  }

  /** The rows of draws.csv by cell. */
  get draws(): DrawsByCell {
    return this.results.draws;
  }

  get manifest(): Manifest {
    return this.results.manifest;
  }

  /** SHA-256 of a file, for captions of figures that the manifest says nothing about. */
  sha256(file: ResultFile): string {
    return createHash('sha256')
      .update(readFileSync(this.results.path(file)))
      .digest('hex');
  }

  /** The traces of the experiment, in its order. */
  get traces(): TraceFacts[] {
    return this.manifest.traces.map(traceFacts);
  }

  /** What the runs compare. */
  get axis(): Axis {
    return comparedAxis(this.rows('runs.csv'));
  }

  /** Why there is nothing to compare, where there is nothing. */
  onePolicy(): string | undefined {
    const policies = new Set(this.rows('runs.csv').map((row) => rowName(row, this.axis))).size;
    return policies > 1 ? undefined : 'only one policy was run, so there is nothing to compare';
  }

  /** A trace's name without the parameters that all traces of the experiment share. */
  traceName(label: string): string {
    this.names ??= shortNames(this.traces.map((trace) => trace.label));
    return this.names.get(label) ?? label;
  }

  /** The rows of timeline.csv of a cell, in time. */
  timeline(cell: number): readonly TimelineRow[] {
    if (!this.byCell) {
      this.byCell = new Map();
      for (const row of this.rows('timeline.csv')) {
        const rows = this.byCell.get(row.cell);
        if (rows) rows.push(row);
        else this.byCell.set(row.cell, [row]);
      }
    }
    return this.byCell.get(cell) ?? [];
  }

  /**
   * Splits the ranked cells of the first seed into pictures: one for each family and combination of the axes that are not
   * compared, cut where there are more traces than fit a page.
   *
   * @param wanted which cells and traces the figure is of
   */
  parts(wanted: (row: RunRow, trace: TraceFacts) => boolean = () => true): Part[] {
    const { axis, traces } = this;
    const runs = this.rows('runs.csv');
    const seed = runs[0]?.seed;
    const factsOf = new Map(traces.map((trace) => [trace.label, trace]));
    const shown = runs.filter((row) => {
      const trace = factsOf.get(row.trace);
      return row.seed === seed && isRanked(row) && trace !== undefined && wanted(row, trace);
    });
    const varying = varyingColumns(runs, FIXED_AXES).filter(
      (column) => !axis.split(' and ').includes(column) && new Set(shown.map((row) => row[column])).size > 1,
    );
    const groups = new Map<string, { labels: string[]; runs: RunRow[] }>();
    for (const row of shown) {
      const { family, pageBytes } = factsOf.get(row.trace)!;
      const labels = [
        ...(family === undefined ? [] : [family]),
        ...varying.map((column) => {
          const value = row[column];
          return typeof value === 'string' ? value : axisLabel(row, column, pageBytes);
        }),
      ];
      const group = groups.get(labels.join('\n'));
      if (group) group.runs.push(row);
      else groups.set(labels.join('\n'), { labels, runs: [row] });
    }
    return [...groups.values()].flatMap((group) => cut(group.labels, group.runs, traces));
  }
}

/** Cuts a part into pieces of as many traces as fit a page. */
function cut(labels: readonly string[], runs: readonly RunRow[], all: readonly TraceFacts[]): Part[] {
  const traces = all.filter(({ label }) => runs.some((row) => row.trace === label));
  const pieces = Math.ceil(traces.length / MAX_TRACES);
  const each = Math.ceil(traces.length / pieces);
  return Array.from({ length: pieces }, (_, piece) => {
    const some = traces.slice(piece * each, (piece + 1) * each);
    const words = [...labels, ...(pieces > 1 ? [String(piece + 1)] : [])];
    return {
      suffix: words.map((word) => `-${slug(word)}`).join(''),
      label: labels.join(', '),
      runs: runs.filter((row) => some.some(({ label }) => label === row.trace)),
      traces: some,
    };
  });
}
