import { median } from '../../stats/median.js';

/** Latencies of a device in one round: the quantiles of `SHARES`, and the mean. */
export interface DeviceRound {
  readonly quantiles: readonly number[];
  readonly mean: number;
}

/** The quantiles that a device is described by. */
export const SHARES = [0, 0.1, 0.5, 0.9, 0.99] as const;

/** What the program has said: by name a value a round, in ns. */
export interface Readings {
  readonly values: ReadonlyMap<string, readonly number[]>;
  readonly devices: ReadonlyMap<string, readonly DeviceRound[]>;
  /** Why something was not measured. */
  readonly failed: ReadonlyMap<string, string>;
}

function add<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list) list.push(value);
  else lists.set(name, [value]);
}

const DEVICE = 'device_';

/** Reads what the program has printed: `round N`, `NAME NS`, `device_NAME NS…` and `failed NAME: WHY`. */
export function parseReadings(text: string): Readings {
  const values = new Map<string, number[]>();
  const devices = new Map<string, DeviceRound[]>();
  const failed = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, why] = /^failed (\S+): (.*)$/.exec(line) ?? [];
    if (name !== undefined) failed.set(name, why!);
    const [what, ...numbers] = line.split(' ');
    if (name !== undefined || !what || what === 'round') continue;
    const ns = numbers.map(Number);
    if (!what.startsWith(DEVICE)) add(values, what, ns[0]!);
    else add(devices, what.slice(DEVICE.length), { quantiles: ns.slice(0, -1), mean: ns.at(-1)! });
  }
  return { values, devices, failed };
}

/** What several programs have said, together. */
export function joinReadings(all: readonly Readings[]): Readings {
  return {
    values: new Map(all.flatMap(({ values }) => [...values])),
    devices: new Map(all.flatMap(({ devices }) => [...devices])),
    failed: new Map(all.flatMap(({ failed }) => [...failed])),
  };
}

/** A thing that was measured, over its rounds. */
export interface Reading {
  readonly ns: number;
  readonly min: number;
  /** How far the middle half of the rounds reaches, in ns. */
  readonly range: number;
  /** Two values that the rounds gather at, where they do. */
  readonly modes: readonly [number, number] | undefined;
}

/** A gap between rounds of this share of their median, wider than what is on either side of it, is between two modes. */
const GAP = 0.25;
const FEWEST_OF_MODE = 2;

function modesOf(sorted: readonly number[], middle: number): Reading['modes'] {
  for (let i = FEWEST_OF_MODE; i <= sorted.length - FEWEST_OF_MODE; i++) {
    const [low, high] = [sorted.slice(0, i), sorted.slice(i)];
    const gap = high[0]! - low.at(-1)!;
    const widest = Math.max(low.at(-1)! - low[0]!, high.at(-1)! - high[0]!);
    if (gap > GAP * middle && gap > widest) return [median(low), median(high)];
  }
  return undefined;
}

/** Median, least value and range of the rounds. @param rounds at least one */
export function readingOf(rounds: readonly number[]): Reading {
  const sorted = rounds.toSorted((a, b) => a - b);
  const ns = median(sorted);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return { ns, min: sorted[0]!, range: at(0.75) - at(0.25), modes: modesOf(sorted, ns) };
}
