import type { ChartModel } from '../model.js';
import { byId, element } from './dom.js';
import { type Filters, inFamily, type Key, unique, valuesOf } from './filters.js';
import { sample } from './marks.js';
import { makeRoving } from './roving.js';
import { choose } from './selection.js';

const BACKINGS: Readonly<Record<string, string>> = { recorded: 'as recorded' };

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
function orAll(values: readonly string[], text = (value: string) => value) {
  const options = values.map((value) => [value, text(value)] as const);
  return values.length > 1 ? [['', 'all'] as const, ...options] : options;
}

function selects(model: ChartModel, filters: Filters, changed: () => void): HTMLElement[] {
  const one = (key: Key, label: string, values: readonly string[], text?: (value: string) => string) =>
    select(key, label, orAll(values, text), filters[key], (value) => {
      filters[key] = value;
      if (key === 'family') filters.trace = '';
      changed();
    });
  const traces = unique(inFamily(model, filters.family).map(({ trace }) => trace));
  return [
    ...one('family', 'Family', valuesOf(model, 'family'), (name) => name || 'other traces'),
    ...one('trace', 'Trace', traces),
    ...one('backing', 'Memory', valuesOf(model, 'backing'), (name) => BACKINGS[name] ?? name),
    ...one('fixed', 'With', valuesOf(model, 'fixed')),
    ...one('limit', 'Limit', valuesOf(model, 'limit')),
  ];
}

/** The choices that belong to one kind of chart, above it. */
function showChoices(model: ChartModel, filters: Filters, changed: () => void): void {
  const series = model.series.map((name, i) => [String(i), name] as const);
  document.querySelector('#over-time .choice')?.replaceChildren(
    ...select('series', 'Show memory that is', series, String(filters.series), (value) => {
      filters.series = Number(value);
      changed();
    }),
  );
  const paid = [
    ['stall', 'waiting time'],
    ['held', 'memory held'],
  ] as const;
  document.querySelector('#payers .choice')?.replaceChildren(
    ...select('held', 'Show', paid, filters.held ? 'held' : 'stall', (value) => {
      filters.held = value === 'held';
      changed();
    }),
  );
}

/** The policies: a button marks one everywhere, and is the legend of all charts. */
function legend({ policies, marks }: ChartModel, { hidden }: Filters): HTMLElement {
  const buttons = policies.flatMap((name, i) => {
    if (hidden.has(i)) return [];
    const button = element(
      'button',
      { type: 'button', class: 'chip', 'data-choose': i, 'aria-pressed': 'false' },
      sample(i, marks[i]),
      name,
    );
    button.addEventListener('click', () => choose(i));
    return [button];
  });
  const made = element(
    'div',
    { id: 'legend', role: 'toolbar', 'aria-label': 'Policies: mark one in all charts' },
    ...buttons,
  );
  makeRoving(made);
  return made;
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
  showChoices(model, filters, changed);
  // The controls are replaced: the one in use keeps the focus.
  if (focused !== '') document.getElementById(focused)?.focus();
}
