/** The tables of the long form of `reclaim compare`: one a trace, with all that cells held, faulted and cost. */
import Table from 'cli-table3';
import type { NumberColumn } from '../metrics/columns.js';
import type { RunRow } from '../metrics/files.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { baseName, isShort, type TraceFacts, tableTitle, traceName } from './comparison.js';
import { extraCost, heldPages, savedPages } from './estimate.js';
import { originText } from './facts.js';
import { standingWord } from './family-table.js';
import { mib, ms, numberIn, percent, shortDuration, withScatter } from './format.js';
import { rank, rankIn } from './front.js';
import { baseOf, type Contender, type Selectable, type Setting, select } from './selection.js';

/** A policy in a setting, and what it is compared with. */
interface Place {
  readonly one: Contender;
  readonly setting: Setting;
  readonly base: Contender | undefined;
}

interface Column {
  readonly head: string;
  text(place: Place): string;
}

/** The mean of a number over the cells of a policy: its replicates. */
function mean({ one: { rows } }: Place, column: NumberColumn<RunRow>): number {
  return rows.reduce((sum, row) => sum + numberIn(row, column), 0) / rows.length;
}

function pages(head: string, column: NumberColumn<RunRow>): Column {
  return { head, text: (place) => mib(mean(place, column), place.setting.trace.pageBytes) };
}

/** Memory, against a base of this name. */
function memoryColumns(base: string): Column[] {
  return [
    {
      head: 'saved\nMiB',
      text: ({ one, base, setting }) =>
        base ? mib(savedPages(one, base).mean, setting.trace.pageBytes) : '',
    },
    {
      head: `of\n${base}`,
      text: ({ one, base }) => (base ? percent(savedPages(one, base).mean, heldPages(base).mean) : ''),
    },
    pages('resident\nMiB', 'resident_pages_mean'),
    pages('in swap\nMiB', 'swap_pages_mean'),
    pages('swapped\nout MiB', 'pswpout'),
  ];
}

const FAULTS: readonly Column[] = [
  { head: 'major\n/1000', text: (place) => mean(place, 'major_rate').toFixed(2) },
  { head: 'minor\n/1000', text: (place) => mean(place, 'minor_rate').toFixed(1) },
];

const COSTS: readonly Column[] = [
  {
    head: 'extra\nms',
    text: ({ one, base, setting }) =>
      base && one !== base ? withScatter(extraCost(one, base, setting), ms) : '',
  },
  { head: 'stall\nms', text: (place) => ms(mean(place, 'stall_ns')) },
];

/** With a closed clock: how many times as long the run took as with keep and no limit. */
const SLOWDOWN: Column = {
  head: 'slow-\ndown',
  text: ({ one: { rows } }) => {
    const known = rows.flatMap(({ slowdown }) => slowdown ?? []);
    return known.length === 0 ? '' : (known.reduce((sum, one) => sum + one, 0) / known.length).toFixed(3);
  },
};

const CALLS: readonly Column[] = [
  { head: 'reclaim\nms', text: (place) => ms(mean(place, 'stall_reclaim_ns')) },
  { head: 'calls\nms', text: (place) => ms(mean(place, 'stall_discard_ns') + mean(place, 'stall_pin_ns')) },
];

function count(head: string, column: NumberColumn<RunRow>): Column {
  return { head, text: (place) => String(Math.round(mean(place, column))) };
}

const MERGE: readonly Column[] = [
  count('shared\npages', 'pages_shared'),
  count('sharing\npages', 'pages_sharing'),
  count('merged pages\nbroken', 'cow_ksm'),
  { head: 'ksmd\nms', text: (place) => ms(mean(place, 'ksmd_cpu_ns')) },
];

function columnsFor({ axis, trace: { touches }, first }: Setting): readonly Column[] {
  const memory = memoryColumns(baseName(axis).replace('the first policy', 'first'));
  const costs = first.clock === 'closed' ? [...COSTS, SLOWDOWN] : COSTS;
  if (axis.includes('merge')) return [...memory, ...costs, ...MERGE];
  return [...memory, ...(touches === 'recorded' ? FAULTS : []), ...costs, ...CALLS];
}

function limitText({ first, trace, limit }: Setting): string {
  if (typeof first.limit_pages !== 'number') return isShort(first) ? limit : 'none';
  return `${mib(first.limit_pages, trace.pageBytes)} MiB (${percent(first.limit_pages, trace.peakPages)})`;
}

const MARKS = { best: '* best', tie: '= tie', '': '' } as const;

/** The lines of a setting. */
function settingRows(setting: Setting, columns: readonly Column[]): string[][] {
  const base = baseOf(setting);
  const ranking = rank(setting);
  return setting.contenders.map((one, i) => {
    const values = columns.map((column) =>
      one.standing === 'ranked' || one.standing === 'bound' ? column.text({ one, setting, base }) : '',
    );
    const mark = MARKS[rankIn(ranking, one)] || standingWord(one.standing);
    return [i === 0 ? limitText(setting) : '', one.name, ...values, mark];
  });
}

function traceTable(settings: readonly Setting[], runs: readonly RunRow[]): string {
  const { trace, axis, first } = settings[0]!;
  const columns = columnsFor(settings[0]!);
  const table = new Table({
    ...PLAIN_TABLE,
    head: ['limit', axis, ...columns.map(({ head }) => head), ''],
    colAligns: ['left', 'left', ...columns.map(() => 'right' as const), 'left'],
  });
  table.push(...settings.flatMap((setting) => settingRows(setting, columns)));
  const title = tableTitle(traceName(first), first, runs, trace.pageBytes);
  const facts = [
    ...(trace.origin ? [originText(trace)] : []),
    ...(trace.durationUs === undefined ? [] : [shortDuration(trace.durationUs)]),
    `${mib(trace.peakPages, trace.pageBytes)} MiB at most`,
  ];
  return `${title}; ${facts.join(', ')}\n${table.toString()}`;
}

/** The tables of some traces, each with what it is of above it. */
export function comparisonTables(results: Selectable, traces: readonly TraceFacts[]): string {
  const { settings } = select({ ...results, traces });
  const tables = new Map<string, Setting[]>();
  for (const setting of settings) {
    const key = JSON.stringify([setting.trace.label, setting.backing, setting.labels]);
    tables.set(key, [...(tables.get(key) ?? []), setting]);
  }
  return [...tables.values()].map((own) => traceTable(own, results.runs)).join('\n\n');
}
