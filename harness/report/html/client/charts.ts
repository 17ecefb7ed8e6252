import { bytesText, timeText, timeUnit } from '../../figures/units.js';
import type { ChartGroup, ChartPanel } from '../model.js';
import { type Bar, bars, longest, type Measure, merged } from './bars.js';
import { byId, element } from './dom.js';
import { HEAT_LEGEND, heatMap } from './heat-map.js';
import { extent, lineNames, overTime } from './over-time.js';
import { payersOf } from './payers.js';
import { savedRange, tradeoff } from './tradeoff.js';
import type { View } from './view.js';

/** Panels narrower than this cannot be read, and wider ones do not show more. */
const NARROW = 220;
const WIDE = 520;
const GAP = 20;

/** The width of panels side by side. */
function panelWidth(room: number, count: number): number {
  const fit = Math.max(1, Math.min(count, Math.floor((room + GAP) / (NARROW + GAP))));
  return Math.floor(Math.min(WIDE, (room - (fit - 1) * GAP) / fit));
}

function titleOf({ trace, backing, fixed, tags }: ChartGroup): HTMLElement {
  const labels = [...(backing === 'recorded' ? [] : [`on ${backing}`]), ...(fixed === '' ? [] : [fixed])];
  const title = element('h4', {}, [trace, ...labels].join(', '));
  for (const { text, title: meaning } of tags)
    title.append(' ', element('span', { class: 'tag', title: meaning }, text));
  return title;
}

/** What a chart lacks: policies without a result under its limit, and why; and what others are measured against instead. */
function absentNote({ absent, reference }: ChartPanel, { model, shows }: View): HTMLElement[] {
  const notes = absent.flatMap(({ why, policies }) => {
    const names = policies.filter(shows).map((policy) => model.policies[policy]);
    return names.length > 0 ? [`${why}: ${names.join(', ')}`] : [];
  });
  const against = reference === undefined ? model.base : model.policies[reference]!;
  if (against !== model.base) notes.push(`measured against ${against}`);
  return notes.length > 0 ? [element('p', { class: 'note absent' }, notes.join('; '))] : [];
}

/** Names of colours, with a mark for each. @param used which of them are in the charts */
function colors(names: readonly string[], kind: 'f' | 'h', used = (_index: number) => true): HTMLElement {
  const items = names.map((name, i) =>
    element('li', {}, element('span', { class: `block ${kind}${i % 9}` }), name),
  );
  return element('ul', { class: 'colors' }, ...items.filter((_, i) => used(i)));
}

/** What charts are drawn into: the width of a row of them in pixels, and what the reader wants to see. */
interface Page {
  readonly room: number;
  readonly view: View;
}

/** The charts of a group, one a panel. */
interface Drawn {
  readonly svgs: readonly SVGElement[];
  /** What colours mean in all of them. */
  readonly legend?: HTMLElement;
  /** What stands below each of them. */
  readonly below?: readonly HTMLElement[];
}

/** One kind of chart: the panels of each group below its title. Draws only panels in which any policy has a result. */
function fill(
  id: string,
  groups: readonly ChartGroup[],
  { room, view }: Page,
  draw: (group: ChartGroup, width: number) => Drawn,
): void {
  const place = document.querySelector<HTMLElement>(`#${id} .panels`);
  if (!place) return;
  place.replaceChildren(
    ...groups.map((group) => {
      const width = panelWidth(room, group.panels.length);
      const { legend, svgs, below } = draw(group, width);
      const figures = group.panels.map((panel, i) => {
        const title = element('figcaption', {}, panel.limit);
        const drawn = panel.cells.length > 0 ? [svgs[i]!, ...(below?.slice(i, i + 1) ?? [])] : [];
        const figure = element('figure', {}, title, ...drawn, ...absentNote(panel, view));
        figure.style.width = `${width}px`;
        return figure;
      });
      return element(
        'div',
        { class: 'group' },
        titleOf(group),
        ...(legend ? [legend] : []),
        element('div', { class: 'row' }, ...figures),
      );
    }),
  );
}

function timeMeasure(title: string, most: number): Measure {
  const { name, size } = timeUnit(most);
  return { title: `${title} (${name})`, size, text: timeText };
}

/** Memory held over time, in bytes times seconds. */
function heldMeasure(most: number): Measure {
  const scale =
    most >= 2e12
      ? { name: 'TB·s', size: 1e12 }
      : most >= 2e9
        ? { name: 'GB·s', size: 1e9 }
        : { name: 'MB·s', size: 1e6 };
  return {
    title: `memory held (${scale.name})`,
    size: scale.size,
    text: (value) => `${bytesText(value)}·s`,
  };
}

function drawStalls(groups: readonly ChartGroup[], page: Page): void {
  const { view } = page;
  const { parts } = view.model;
  fill('stalls', groups, page, ({ panels, ownNs }, width) => {
    const rows = panels.map(({ cells }): Bar[] =>
      cells
        .filter(({ policy }) => view.shows(policy))
        .map(({ policy, stallNs }) => ({ policies: [policy], values: stallNs })),
    );
    const most = Math.max(longest(rows), ownNs ?? 0);
    const measure = timeMeasure('stalled', most);
    const mark = ownNs === undefined ? undefined : { value: ownNs, name: 'own' };
    const own = ownNs === undefined ? '' : ` The program's own: ${timeText(ownNs)}.`;
    return {
      legend: colors(parts, 'f', (part) => rows.flat().some(({ values }) => (values[part] ?? 0) > 0)),
      svgs: panels.map(({ limit }, i) =>
        bars(
          merged(rows[i]!, most),
          { parts, most, measure, width, mark },
          `Stall time by its cause, ${limit}.${own}`,
          view,
        ),
      ),
    };
  });
}

function drawPayers(groups: readonly ChartGroup[], page: Page): void {
  const { view } = page;
  fill('payers', groups, page, (group, width) => {
    const { names, panels } = payersOf(group, view);
    const most = longest(panels);
    const measure = view.held ? heldMeasure(most) : timeMeasure('stalled', most);
    return {
      legend: colors(names, 'f'),
      svgs: panels.map((rows, i) =>
        bars(
          merged(rows, most),
          { parts: names, most, measure, width },
          `Who pays, ${group.panels[i]?.limit}.`,
          view,
        ),
      ),
    };
  });
}

function drawHeatMaps(groups: readonly ChartGroup[], view: View, room: number): void {
  const place = document.querySelector<HTMLElement>('#heat .panels');
  if (!place) return;
  const traces = new Set(groups.map(({ trace }) => trace));
  const width = panelWidth(room, 2);
  const figures = view.model.heatMaps
    .filter(({ trace }) => traces.has(trace))
    .map((map) => element('figure', {}, element('figcaption', {}, map.trace), heatMap(map, width)));
  place.replaceChildren(colors(HEAT_LEGEND, 'h'), element('div', { class: 'row' }, ...figures));
}

/** Draws all charts of some groups. @param room width of a row of charts, in pixels */
export function drawCharts(groups: readonly ChartGroup[], view: View, room: number): void {
  const page = { room, view };
  fill('over-time', groups, page, ({ panels }, width) => {
    const most = extent(panels, view);
    return {
      svgs: panels.map((panel) => overTime(panel, most, width, view)),
      below: panels.map((panel) => lineNames(panel, view)),
    };
  });
  fill('tradeoff', groups, page, ({ panels }, width) => {
    const saved = savedRange(panels);
    return { svgs: panels.map((panel) => tradeoff(panel, saved, width, view)) };
  });
  drawStalls(groups, page);
  drawPayers(groups, page);
  drawHeatMaps(groups, view, room);
  byId('empty').textContent =
    groups.length === 0 ? 'No cell with a result is like this: choose other filters.' : '';
}
