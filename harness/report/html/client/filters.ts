import type { ChartGroup, ChartModel } from '../model.js';

/** What the reader wants to see. */
export interface Filters {
  /** Empty for all. */
  family: string;
  trace: string;
  backing: string;
  fixed: string;
  limit: string;
  series: number;
  held: boolean;
  readonly hidden: Set<number>;
}

/** Filters that take one value, by their names in the address. */
const KEYS = { family: 'family', trace: 'trace', memory: 'backing', with: 'fixed', limit: 'limit' } as const;
export type Key = (typeof KEYS)[keyof typeof KEYS];

/** What filters are called in the address. */
export const ADDRESS_NAMES: readonly string[] = [...Object.keys(KEYS), 'line', 'pays', 'hide'];

/** Traces that are shown below each other at first: more make a page too long to read. */
const MANY = 4;

export function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

export function inFamily({ groups }: ChartModel, family: string): ChartGroup[] {
  return groups.filter((group) => family === '' || group.family === family);
}

/** The first family, all its traces where these are few, as recorded, under all limits. */
function firstFilters(model: ChartModel): Filters {
  const family = model.groups[0]?.family ?? '';
  const traces = unique(inFamily(model, family).map(({ trace }) => trace));
  const backings = unique(model.groups.map(({ backing }) => backing));
  return {
    family,
    trace: traces.length > MANY ? traces[0]! : '',
    backing: backings.includes('recorded') ? 'recorded' : '',
    fixed: '',
    limit: '',
    series: model.series.length === 3 ? 2 : 0,
    held: false,
    hidden: new Set(),
  };
}

/** All that there is to see, for paper; policies that are hidden stay so. */
export function wholeFilters(filters: Filters): Filters {
  return { ...filters, family: '', trace: '', backing: '', fixed: '', limit: '' };
}

/** The groups that filters leave, with the panels that they leave. */
export function wanted(model: ChartModel, { family, trace, backing, fixed, limit }: Filters): ChartGroup[] {
  return inFamily(model, family)
    .filter(
      (group) =>
        (trace === '' || group.trace === trace) &&
        (backing === '' || group.backing === backing) &&
        (fixed === '' || group.fixed === fixed),
    )
    .map((group) => ({
      ...group,
      panels: group.panels.filter((panel) => limit === '' || panel.limit === limit),
    }))
    .filter(({ panels }) => panels.length > 0);
}

/** The values that a filter can have, besides all of them. */
export function valuesOf({ groups }: ChartModel, key: Key): string[] {
  if (key === 'limit') return unique(groups.flatMap(({ panels }) => panels.map(({ limit }) => limit)));
  return unique(groups.map((group) => group[key]));
}

/** Puts the filters that are not those of the beginning into an address. */
export function writeFilters(model: ChartModel, filters: Filters, values: URLSearchParams): void {
  const first = firstFilters(model);
  for (const [name, key] of Object.entries(KEYS))
    if (filters[key] !== first[key]) values.set(name, filters[key]);
  if (filters.series !== first.series) values.set('line', model.series[filters.series]!);
  if (filters.held) values.set('pays', 'held');
  for (const policy of filters.hidden) values.append('hide', model.policies[policy]!);
}

/**
 * The filters of an address, those of the beginning where it names none.
 *
 * @returns also what it names that is not in this report: nothing of it is shown, and the reader is told
 */
export function readFilters(
  model: ChartModel,
  values: URLSearchParams,
): { readonly filters: Filters; readonly unknown: readonly string[] } {
  const filters = firstFilters(model);
  const unknown: string[] = [];
  for (const [name, key] of Object.entries(KEYS)) {
    const value = values.get(name);
    if (value === null) continue;
    if (value === '' || valuesOf(model, key).includes(value)) filters[key] = value;
    else unknown.push(`${name} ${value}`);
    // A link to a family shows all of it; a trace of its own follows.
    if (key === 'family') filters.trace = '';
  }
  const line = values.get('line');
  if (line !== null) {
    const series = model.series.indexOf(line);
    if (series < 0) unknown.push(`line ${line}`);
    else filters.series = series;
  }
  filters.held = values.get('pays') === 'held';
  for (const name of values.getAll('hide')) {
    const policy = model.policies.indexOf(name);
    if (policy < 0) unknown.push(`policy ${name}`);
    else filters.hidden.add(policy);
  }
  return { filters, unknown };
}
