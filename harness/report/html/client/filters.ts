import type { ChartGroup, ChartModel } from '../model.js';
import { byId, element } from './dom.js';
import { choose } from './selection.js';

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

/** Traces that are shown below each other at first: more make a page too long to read. */
const MANY = 4;

const BACKINGS: Readonly<Record<string, string>> = { recorded: 'as recorded' };

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

export function inFamily({ groups }: ChartModel, family: string): ChartGroup[] {
  return groups.filter((group) => family === '' || group.family === family);
}

/** The first family, all its traces where these are few, as recorded, under all limits. */
export function firstFilters(model: ChartModel): Filters {
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

/** A choice of one value; none where there is nothing to choose from. */
function select(
  id: string,
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  value: string,
  change: (value: string) => void,
): HTMLElement[] {
  if (options.length < 2) return [];
  const control = element('select', { id });
  control.append(...options.map(([own, text]) => element('option', { value: own }, text)));
  control.value = value;
  control.addEventListener('change', () => change(control.value));
  return [element('div', { class: 'field' }, element('label', { for: id }, label), control)];
}

/** One value or all of them. */
function orAll(values: readonly string[], all: string, text = (value: string) => value) {
  const own = unique(values);
  const options = own.map((value) => [value, text(value)] as const);
  return own.length > 1 ? [['', all] as const, ...options] : options;
}

function selects(model: ChartModel, filters: Filters, changed: () => void): HTMLElement[] {
  const { groups } = model;
  const set = (key: 'family' | 'trace' | 'backing' | 'fixed' | 'limit') => (value: string) => {
    filters[key] = value;
    if (key === 'family') filters.trace = '';
    changed();
  };
  const shown = inFamily(model, filters.family);
  const limits = groups.flatMap(({ panels }) => panels.map(({ limit }) => limit));
  const series = model.series.map((name, i) => [String(i), name] as const);
  return [
    ...select(
      'family',
      'Family',
      orAll(
        groups.map(({ family }) => family),
        'all',
        (name) => name || 'other traces',
      ),
      filters.family,
      set('family'),
    ),
    ...select(
      'trace',
      'Trace',
      orAll(
        shown.map(({ trace }) => trace),
        'all',
      ),
      filters.trace,
      set('trace'),
    ),
    ...select(
      'backing',
      'Memory',
      orAll(
        groups.map(({ backing }) => backing),
        'all',
        (name) => BACKINGS[name] ?? name,
      ),
      filters.backing,
      set('backing'),
    ),
    ...select(
      'fixed',
      'With',
      orAll(
        groups.map(({ fixed }) => fixed),
        'all',
      ),
      filters.fixed,
      set('fixed'),
    ),
    ...select('limit', 'Limit', orAll(limits, 'all'), filters.limit, set('limit')),
    ...select('series', 'Over time', series, String(filters.series), (value) => {
      filters.series = Number(value);
      changed();
    }),
    ...select(
      'held',
      'Who pays',
      [
        ['stall', 'waiting time'],
        ['held', 'memory held'],
      ],
      filters.held ? 'held' : 'stall',
      (value) => {
        filters.held = value === 'held';
        changed();
      },
    ),
  ];
}

/** The policies: a button marks one everywhere, and is the legend of all charts. */
function legend({ policies }: ChartModel, { hidden }: Filters): HTMLElement {
  const buttons = policies.flatMap((name, i) => {
    if (hidden.has(i)) return [];
    const swatch = element('span', { class: `swatch c${i % 10}` });
    const button = element(
      'button',
      { type: 'button', class: 'chip', 'data-choose': i, 'aria-pressed': 'false' },
      swatch,
      name,
    );
    button.addEventListener('click', () => choose(i));
    return [button];
  });
  return element(
    'div',
    { id: 'legend', role: 'group', 'aria-label': 'Policies: mark one in all charts' },
    ...buttons,
  );
}

/** Which policies are shown at all. */
function shownPolicies({ policies }: ChartModel, { hidden }: Filters, changed: () => void): HTMLElement {
  const boxes = policies.map((name, i) => {
    const box = element('input', { type: 'checkbox', id: `shown-${i}` });
    box.checked = !hidden.has(i);
    box.addEventListener('change', () => {
      if (box.checked) hidden.delete(i);
      else hidden.add(i);
      changed();
    });
    return element('label', { for: `shown-${i}` }, box, name);
  });
  return element(
    'details',
    {},
    element('summary', {}, 'Show and hide policies'),
    element('div', { class: 'checks' }, ...boxes),
  );
}

/** Puts the filters above the charts. @param changed is called when the reader changed one */
export function showFilters(model: ChartModel, filters: Filters, changed: () => void): void {
  const place = byId('filters');
  const focused = document.activeElement?.id ?? '';
  const open = place.querySelector('details')?.open ?? false;
  const policies = shownPolicies(model, filters, changed) as HTMLDetailsElement;
  policies.open = open;
  place.replaceChildren(element('div', { class: 'fields' }, ...selects(model, filters, changed)), policies);
  byId('legend-place').replaceChildren(legend(model, filters));
  // The controls are replaced: the one in use keeps the focus.
  if (focused !== '') document.getElementById(focused)?.focus();
}
