import type { CostTable } from '../../cost/table.js';
import { median } from '../../stats/median.js';
import { type DeviceRound, type Reading, type Readings, readingOf, SHARES } from './readings.js';
import { NEVER_MEASURED, type RowPlan, rowPlans, type SwapDevice } from './rows.js';

/** A row of the cost table, before and after. */
export interface CalibratedRow {
  readonly row: string;
  /** Of a call: at one page. Of a device: the median. */
  readonly before_ns: number;
  readonly ns: number;
  /** The least of the rounds; null where it was not measured. */
  readonly min_ns: number | null;
  /** The middle half of the rounds, in percent of the median: of what was measured for the row, the widest. */
  readonly spread_percent: number | null;
  /** What it is, or why it is as before. */
  readonly source: string;
}

/** A cost table of a host, and how it came about. */
export interface Calibrated {
  readonly costs: CostTable;
  readonly rows: readonly CalibratedRow[];
}

const OTHER_SWAP = 'swap of another kind was measured';

/** Something that a row needs was not measured. */
class Missing extends Error {}

type Draft = Record<string, unknown>;
type Point = readonly [number, number];

function partOf(draft: Draft, path: readonly string[]): Draft {
  return path.reduce<Draft>((part, key) => part[key] as Draft, draft);
}

/** The price that a row is shown by. */
function shownNs(value: unknown): number {
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return (value as Point[])[0]![1];
  const { ns, quantiles } = value as { ns?: number; quantiles?: Point[] };
  return ns ?? quantiles!.find(([share]) => share === 0.5)![1];
}

function rounded(ns: number): number {
  return Number(ns.toPrecision(5));
}

function percentOf({ ns, range }: Reading, against: number): number {
  const whole = Math.abs(against || ns);
  return whole === 0 ? 0 : Number(((100 * range) / whole).toFixed(1));
}

/** What it is, and the two values that its rounds gather at. */
function withModes(what: string, readings: readonly Reading[]): string {
  const two = readings.find(({ modes }) => modes)?.modes;
  return two ? `${what}; two modes, ${rounded(two[0])} and ${rounded(two[1])} ns` : what;
}

/** The same for the cost table, with how sure it is. */
function sourceText(what: string, spread: number, rounds: number): string {
  return `${what}; median of ${rounds} rounds, spread ${spread} %`;
}

/** A price or points, rounded. */
function roundedValue(value: ReturnType<RowPlan['value']>): typeof value {
  return typeof value === 'number' ? rounded(value) : value.map(([pages, ns]) => [pages, rounded(ns)]);
}

/** Fills a cost table with what was measured. What was not keeps its value, and says so. */
class Filling {
  readonly rows: CalibratedRow[] = [];

  constructor(
    private readonly draft: Draft,
    private readonly readings: Readings,
  ) {}

  row(plan: RowPlan): void {
    const path = plan.row.split('.');
    const before = shownNs(partOf(this.draft, path));
    try {
      const all = plan.of.map((name) => this.reading(name));
      const value = roundedValue(plan.value((name) => this.reading(name).ns));
      const least = plan.value((name) => this.reading(name).min);
      const against = plan.against === undefined ? 0 : this.reading(plan.against).ns;
      const spread = Math.max(...all.map((reading) => percentOf(reading, against)));
      const rounds = this.readings.values.get(plan.of[0]!)!.length;
      const source = withModes(plan.source, all);
      this.put(path, value, sourceText(source, spread, rounds));
      this.rows.push({
        row: plan.row,
        before_ns: before,
        ns: shownNs(value),
        min_ns: rounded(shownNs(least)),
        spread_percent: spread,
        source,
      });
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      this.keep(plan.row, before, error.message);
    }
  }

  /** The row stays as it is. */
  keep(row: string, before: number, why: string): void {
    const path = row.split('.');
    const holder = partOf(this.draft, isField(path) ? path.slice(0, -1) : path);
    const note = `not measured here: ${why}`;
    holder.source = isField(path) ? `${holder.source}; ${path.at(-1)} ${note}` : `${holder.source}; ${note}`;
    this.rows.push({
      row,
      before_ns: before,
      ns: before,
      min_ns: null,
      spread_percent: null,
      source: note,
    });
  }

  device(name: string): void {
    const row = `devices.${name}`;
    const part = partOf(this.draft, ['devices', name]);
    const rounds = this.readings.devices.get(name);
    const before = shownNs(part);
    if (!rounds) {
      const { failed } = this.readings;
      this.keep(row, before, failed.get(name) ?? failed.get('pageout') ?? OTHER_SWAP);
      return;
    }
    const reading = readingOf(rounds.map(({ quantiles }) => quantiles[2]!));
    const spread = percentOf(reading, 0);
    const source = withModes('whole major faults', [reading]);
    Object.assign(part, deviceOf(rounds), { source: sourceText(source, spread, rounds.length) });
    const { ns, min } = reading;
    this.rows.push({ row, before_ns: before, ns, min_ns: min, spread_percent: spread, source });
  }

  private reading(name: string): Reading {
    const rounds = this.readings.values.get(name);
    if (rounds) return readingOf(rounds);
    const [short] = name.split('_');
    const why = this.readings.failed.get(name) ?? this.readings.failed.get(short!);
    throw new Missing(why ?? OTHER_SWAP);
  }

  private put(path: readonly string[], value: unknown, source: string): void {
    const holder = partOf(this.draft, path.slice(0, -1));
    const key = path.at(-1)!;
    if (!isField(path)) Object.assign(holder[key] as Draft, { ns: value, source });
    else {
      holder[key] = value;
      // The source of a call is that of its pages; what it costs without any is said after it.
      holder.source = key === 'present' ? source : `${holder.source}; absent: ${source}`;
    }
  }
}

/** Whether a path names one field of a call. */
function isField(path: readonly string[]): boolean {
  const last = path.at(-1);
  return last === 'present' || last === 'absent';
}

/** The middle of the rounds, quantile by quantile. They rise in each round, and so do their medians. */
function deviceOf(rounds: readonly DeviceRound[]) {
  const quantiles = SHARES.map((share, i) => [
    share,
    rounded(median(rounds.map((round) => round.quantiles[i]!))),
  ]);
  const least = quantiles.reduce(
    (sum, [at, value], i) => sum + ((quantiles[i + 1]?.[0] ?? 1) - at!) * value!,
    0,
  );
  const mean = median(rounds.map((round) => round.mean));
  return { quantiles, mean: rounded(Math.max(mean, least * 1.0001)) };
}

/**
 * The cost table of a host.
 *
 * @param standard the table whose values stay where nothing was measured
 * @param facts what it was measured on: the name and provenance of the table
 */
export function calibrated(
  standard: CostTable,
  readings: Readings,
  swap: SwapDevice | undefined,
  facts: { readonly name: string; readonly provenance: string },
): Calibrated {
  const draft = structuredClone({ ...standard, ...facts }) as unknown as Draft;
  const filling = new Filling(draft, readings);
  for (const plan of rowPlans(swap)) filling.row(plan);
  for (const [row, why] of Object.entries(NEVER_MEASURED))
    filling.keep(row, shownNs(partOf(draft, row.split('.'))), why);
  for (const name of ['disk', 'ssd', 'zram']) filling.device(name);
  return { costs: draft as unknown as CostTable, rows: filling.rows };
}

/** Rows whose rounds differ by more than `percent`, the widest first. */
export function unsteadyRows(rows: readonly CalibratedRow[], percent: number): CalibratedRow[] {
  return rows
    .filter(({ spread_percent: spread }) => (spread ?? 0) > percent)
    .toSorted((a, b) => b.spread_percent! - a.spread_percent!);
}
