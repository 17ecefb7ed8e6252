import type { NumberColumn } from '../../metrics/columns.js';
import type { TimelineRow } from '../../metrics/files.js';
import type { NumberColumns } from '../../metrics/plain-numbers.js';
import { minus } from './curves.js';
import { type Point, thinned } from './series.js';

/** A column of timeline.csv that holds numbers. */
export type TimelineColumn = NumberColumn<TimelineRow>;

/** Where the rows of each cell stand, in their order. */
function rowsByCell(cells: Float64Array): Map<number, number[]> {
  const byCell = new Map<number, number[]>();
  for (const [row, cell] of cells.entries()) {
    const rows = byCell.get(cell);
    if (rows) rows.push(row);
    else byCell.set(cell, [row]);
  }
  return byCell;
}

function isSame(a: readonly Point[], b: readonly Point[]): boolean {
  return a.length === b.length && a.every(({ x, y }, i) => x === b[i]!.x && y === b[i]!.y);
}

/** What was made of a curve with something else. */
type Made<K> = WeakMap<readonly Point[], Map<K, readonly Point[]>>;

function madeOnce<K>(made: Made<K>, points: readonly Point[], by: K, make: () => readonly Point[]) {
  const ofCurve = made.get(points) ?? new Map<K, readonly Point[]>();
  made.set(points, ofCurve);
  const one = ofCurve.get(by) ?? make();
  ofCurve.set(by, one);
  return one;
}

/** Curves, of which those with equal points are one: what is made of them is made once. */
class SharedCurves {
  /** By what is quickly compared. */
  private readonly known = new Map<string, (readonly Point[])[]>();

  /** The curve that was the first with these points. */
  first(points: readonly Point[]): readonly Point[] {
    let sum = 0;
    for (const { y } of points) sum += y;
    const key = `${points.length} ${sum}`;
    const alike = this.known.get(key) ?? [];
    const same = alike.find((one) => isSame(one, points));
    if (same) return same;
    this.known.set(key, [...alike, points]);
    return points;
  }
}

/**
 * What cells hold over time, of timeline.csv. Cells that hold the same have the same curve, as an object: a third of the cells of an
 * experiment have one of their own.
 */
export class CurvesOverTime {
  private byCell: ReadonlyMap<number, readonly number[]> | undefined;
  private readonly curves = new Map<string, readonly Point[]>();
  private readonly shared = new SharedCurves();
  private readonly thin: Made<number> = new WeakMap();
  private readonly differences: Made<readonly Point[]> = new WeakMap();

  /** @param numbers the columns of timeline.csv, empty where there is none */
  constructor(private readonly numbers: NumberColumns) {}

  private column(name: TimelineColumn): Float64Array {
    return this.numbers.get(name) ?? new Float64Array(0);
  }

  /** How many moments there are, of all cells. */
  get moments(): number {
    return this.column('cell').length;
  }

  /** Whether a column has a number anywhere. */
  isMeasured(name: TimelineColumn): boolean {
    return this.column(name).some((value) => !Number.isNaN(value));
  }

  /** Whether any of some columns is ever above 0. */
  isPositive(names: readonly TimelineColumn[]): boolean {
    return names.some((name) => this.column(name).some((value) => value > 0));
  }

  /**
   * The sum of some columns of a cell by time, in µs; what was not measured counts as 0.
   *
   * @param size what the sum is multiplied by: a page in bytes
   */
  of(cell: number, names: readonly TimelineColumn[], size = 1): readonly Point[] {
    const key = `${cell} ${size} ${names.join()}`;
    const known = this.curves.get(key);
    if (known) return known;
    const curve = this.shared.first(this.points(cell, names, size));
    this.curves.set(key, curve);
    return curve;
  }

  private points(cell: number, names: readonly TimelineColumn[], size: number): Point[] {
    this.byCell ??= rowsByCell(this.column('cell'));
    const times = this.column('time_us');
    const columns = names.map((name) => this.column(name));
    return (this.byCell.get(cell) ?? []).map((row) => ({
      x: times[row]!,
      y: columns.reduce((sum, column) => sum + (column[row]! || 0), 0) * size,
    }));
  }

  /** A curve less another, as `minus`, made once. */
  minus(a: readonly Point[], b: readonly Point[]): readonly Point[] {
    return madeOnce(this.differences, a, b, () => this.shared.first(minus(a, b)));
  }

  /** A curve without the points that cannot be seen, as `thinned`, made once. */
  thinned(points: readonly Point[], tolerance: number): readonly Point[] {
    return madeOnce(this.thin, points, tolerance, () => thinned(points, tolerance));
  }
}
