import type { ChartModel } from '../model.js';
import { type Address, readAddress, showSection, writeAddress } from './address.js';
import { drawCharts } from './charts.js';
import { showFilters } from './controls.js';
import { byId } from './dom.js';
import { makeDownloads } from './download.js';
import { ADDRESS_NAMES, type Filters, readFilters, wanted, wholeFilters, writeFilters } from './filters.js';
import { choose, chosenPolicy, onChoice, showChosen } from './selection.js';
import { makeTables } from './tables.js';
import { namesText } from './text.js';
import { makeThemeButton } from './theme.js';
import { hideTip } from './tooltip.js';
import type { View } from './view.js';

/** What an address can have. */
const NAMES = [...ADDRESS_NAMES, 'find', 'sort', 'mark'];
/** Names of policies that are listed, before the others are counted. */
const NAMED = 4;
/** Width of charts on paper: what margins leave of a sheet of A4. */
const PAPER = 700;

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

/** Tells what an address names that this report does not have. */
function tellUnknown(names: readonly string[]): void {
  byId('unknown').textContent =
    names.length === 0
      ? ''
      : `The address of this page names what this report does not have: ${names.join(', ')}.`;
}

/** The page: what it shows, and how it changes. */
class ReportPage {
  private filters: Filters;
  private width = 0;
  private shown = false;
  private readonly tables = makeTables(() => this.remember('numbers'));

  constructor(private readonly model: ChartModel) {
    this.filters = readFilters(model, new URLSearchParams()).filters;
  }

  /** Shows what the address says: filters, the marked policy, the order of tables. */
  readonly follow = () => {
    const { section, values } = readAddress();
    // A link within the page leaves all else as it is.
    if (this.shown && values.size === 0 && section !== '') return this.remember(section);
    const { filters, unknown } = readFilters(this.model, values);
    this.filters = filters;
    const lost = [...unknown, ...this.tables.read(values), ...this.readMark(values)];
    tellUnknown([...lost, ...[...new Set(values.keys())].filter((name) => !NAMES.includes(name))]);
    this.show();
    showSection({ section, values });
  };

  /** Marks the policy of an address. @returns what it names that is not in this report */
  private readMark(values: URLSearchParams): string[] {
    const mark = values.get('mark');
    const at = this.model.policies.indexOf(mark ?? '');
    const policy = at < 0 ? undefined : at;
    if (policy !== chosenPolicy()) choose(policy);
    return mark !== null && policy === undefined ? [`policy ${mark}`] : [];
  }

  /** Puts what is shown into the address. */
  remember(section: string): void {
    const values: Address['values'] = new URLSearchParams();
    writeFilters(this.model, this.filters, values);
    this.tables.write(values);
    const policy = chosenPolicy();
    if (policy !== undefined) values.set('mark', this.model.policies[policy]!);
    writeAddress({ section, values });
  }

  private show(): void {
    this.shown = true;
    showFilters(this.model, this.filters, () => {
      this.show();
      this.remember('charts');
    });
    this.draw();
  }

  private draw(): void {
    this.width = byId('over-time').clientWidth;
    drawCharts(wanted(this.model, this.filters), viewOf(this.model, this.filters), this.width);
    showChosen();
  }

  /** Only a new width changes charts; a phone's bars come and go, and change the height. */
  readonly resized = () => {
    if (byId('over-time').clientWidth !== this.width) this.draw();
  };

  /** Paper gets all there is: charts of all families, and what is folded. */
  readonly print = () => {
    const all = wholeFilters(this.filters);
    const folded = [...document.querySelectorAll<HTMLDetailsElement>('main details:not([open])')];
    for (const one of folded) one.open = true;
    drawCharts(wanted(this.model, all), viewOf(this.model, all), PAPER);
    showChosen();
    const back = () => {
      for (const one of folded) one.open = false;
      this.draw();
    };
    window.addEventListener('afterprint', back, { once: true });
  };
}

function start(): void {
  const page = new ReportPage(JSON.parse(byId('model').textContent ?? '') as ChartModel);
  makeThemeButton();
  makeDownloads();
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.policy'))
    button.addEventListener('click', () => choose(Number(button.dataset.choose)));
  window.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    hideTip();
    choose(undefined);
  });
  onChoice(() => page.remember(readAddress().section));
  window.addEventListener('resize', page.resized);
  window.addEventListener('beforeprint', page.print);
  window.addEventListener('hashchange', page.follow);
  page.follow();
}

start();
