import type { ChartGroup, ChartModel } from '../model.js';
import { drawCharts } from './charts.js';
import { byId } from './dom.js';
import { makeDownloads } from './download.js';
import { type Filters, firstFilters, inFamily, showFilters } from './filters.js';
import { choose, showChosen } from './selection.js';
import { makeSortable } from './sort.js';
import { namesText } from './text.js';
import { makeThemeButton } from './theme.js';
import type { View } from './view.js';

/** Names of policies that are listed, before the others are counted. */
const NAMED = 4;

function wanted(model: ChartModel, filters: Filters): ChartGroup[] {
  const { family, trace, backing, fixed, limit } = filters;
  const groups = inFamily(model, family).filter(
    (group) =>
      (trace === '' || group.trace === trace) &&
      (backing === '' || group.backing === backing) &&
      (fixed === '' || group.fixed === fixed),
  );
  return groups
    .map((group) => ({
      ...group,
      panels: group.panels.filter((panel) => limit === '' || panel.limit === limit),
    }))
    .filter(({ panels }) => panels.length > 0);
}

function viewOf(model: ChartModel, { series, held, hidden }: Filters): View {
  return {
    model,
    series,
    held,
    shows: (policy) => !hidden.has(policy),
    choose,
    names: (policies) =>
      namesText(
        policies.map((policy) => model.policies[policy]!),
        NAMED,
      ),
  };
}

function start(): void {
  const model = JSON.parse(byId('model').textContent ?? '') as ChartModel;
  const filters = firstFilters(model);
  let width = 0;
  const draw = () => {
    width = byId('over-time').clientWidth;
    drawCharts(wanted(model, filters), viewOf(model, filters));
    showChosen();
  };
  const changed = () => {
    showFilters(model, filters, changed);
    draw();
  };
  makeThemeButton();
  makeDownloads();
  for (const table of document.querySelectorAll<HTMLTableElement>('table.numbers')) makeSortable(table);
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.policy'))
    button.addEventListener('click', () => choose(Number(button.dataset.choose)));
  window.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') choose(undefined);
  });
  // Only a new width changes charts; a phone's bars come and go, and change the height.
  window.addEventListener('resize', () => {
    if (byId('over-time').clientWidth !== width) draw();
  });
  changed();
}

start();
