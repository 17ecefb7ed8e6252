import type { RunRow, SpaceRow } from '../metrics/files.js';
import { STALL_PARTS, type StallPart } from '../metrics/schema.js';
import {
  type Axis,
  axisLabel,
  comparedAxis,
  comparedRows,
  EQUAL_COST,
  groupBy,
  isRanked,
  limitLabel,
  rowName,
  type TraceFacts,
  traceName,
  varyingColumns,
} from './comparison.js';
import { partition } from './family-rows.js';
import { listed, mib, ms, numberIn, percent } from './format.js';
import { bestOf, costNs, paretoFront } from './pareto.js';

interface Flip {
  readonly part: StallPart;
  readonly factor: number;
  readonly entered: readonly RunRow[];
  readonly left: readonly RunRow[];
}

function flips(rows: readonly RunRow[]): Flip[] {
  const usual = paretoFront(rows);
  return STALL_PARTS.flatMap((part) =>
    [0.5, 2].flatMap((factor) => {
      const front = paretoFront(rows, { part, factor });
      const entered = front.filter((row) => !usual.includes(row));
      const left = usual.filter((row) => !front.includes(row));
      return entered.length + left.length > 0 ? [{ part, factor, entered, left }] : [];
    }),
  );
}

/** A sentence on a family: how it begins, and a clause per trace. */
export interface Finding {
  readonly lead: string;
  readonly clauses: readonly string[];
}

/** A finding as one sentence. */
export function findingText({ lead, clauses }: Finding): string {
  return clauses.length === 0 ? lead : `${lead} ${clauses.join('; ')}.`;
}

/** The cells of one trace on one kind of memory under one limit: what is compared with each other. */
interface Group {
  readonly name: string;
  readonly facts: TraceFacts;
  readonly limit: string;
  readonly axis: Axis;
  readonly rows: readonly RunRow[];
  readonly keep: RunRow | undefined;
}

function groupsOf(rows: readonly RunRow[], traces: readonly TraceFacts[]): Group[] {
  const axis = comparedAxis(rows);
  const varying = varyingColumns(rows, ['memory']);
  const { shown } = partition(comparedRows(rows, axis));
  return groupBy(shown, ['trace', 'backing', 'limit_pages', ...varying]).map((group) => {
    const first = group[0]!;
    const facts = traces.find((trace) => trace.label === first.trace)!;
    return {
      name: [traceName(first), ...varying.map((column) => axisLabel(first, column, facts.pageBytes))].join(
        ', ',
      ),
      facts,
      limit: limitLabel(first, facts),
      axis,
      rows: group,
      keep: group.find((row) => row.discard === 'keep' && row.merge === 'none' && row.outcome === 'ok'),
    };
  });
}

function policies(rows: readonly RunRow[], axis: Axis): string {
  return listed([...new Set(rows.map((row) => rowName(row, axis)))]);
}

/** Which policies save most where memory is not limited, a clause per trace. */
function savingSentence(groups: readonly Group[]): Finding {
  const clauses = groups
    .filter(({ limit }) => limit === groups[0]!.limit)
    .flatMap(({ name, facts, rows, keep, axis }) => {
      const best = bestOf(rows);
      const first = best[0];
      if (!keep) return [];
      if (!first) return [`${name}: no policy saves any`];
      const saved = numberIn(first, 'saved_pages_mean');
      const share = percent(saved, numberIn(keep, 'footprint_pages_mean'));
      return [
        `${name}: ${policies(best, axis)} (${mib(saved, facts.pageBytes)} MiB, ${share} of what keep holds)`,
      ];
    });
  return { lead: `Most memory saved, ${groups[0]!.limit}:`, clauses };
}

/** The space that pays most of a cell's stalls, where several do. */
function payer(row: RunRow, spaces: readonly SpaceRow[]): string {
  const paying = spaces.filter(({ cell, space }) => cell === row.cell && space !== null);
  if (paying.length < 2) return '';
  const total = paying.reduce((sum, space) => sum + numberIn(space, 'stall_ns'), 0);
  const most = paying.reduce((a, b) => (numberIn(b, 'stall_ns') > numberIn(a, 'stall_ns') ? b : a));
  if (total === 0) return '';
  return `, ${percent(numberIn(most, 'stall_ns'), total)} of it paid by ${most.name || `space ${most.space}`}`;
}

/** Which policies stall least under the tightest limit, and which space pays, a clause per trace. */
function stallSentence(groups: readonly Group[], spaces: readonly SpaceRow[]): Finding {
  const tightest = groups.at(-1)!.limit;
  const clauses = groups
    .filter(({ limit }) => limit === tightest)
    .flatMap(({ name, rows, keep, axis }) => {
      const ranked = rows.filter(isRanked);
      const least = Math.min(...ranked.map((row) => costNs(row)));
      const best = ranked.filter((row) => costNs(row) <= least * (1 + EQUAL_COST));
      const first = best[0];
      if (!first || !keep) return [];
      const against = best.includes(keep) ? '' : ` against ${ms(costNs(keep))} with keep`;
      return [`${name}: ${policies(best, axis)} (${ms(least)} ms${against}${payer(first, spaces)})`];
    });
  return { lead: `Shortest stalls, ${tightest}:`, clauses };
}

function flipText({ name, limit, axis }: Group, { part, factor, entered, left }: Flip): string {
  const gains = `${policies(entered, axis)} ${entered.length > 1 ? 'gain' : 'gains'} the mark`;
  const loses = `${policies(left, axis)} ${left.length > 1 ? 'lose' : 'loses'} ${entered.length > 0 ? 'it' : 'the mark'}`;
  const changes = [...(entered.length > 0 ? [gains] : []), ...(left.length > 0 ? [loses] : [])];
  return `${name}, ${limit}: with ${part} \u00d7 ${factor} ${changes.join(' and ')}`;
}

/** Whether the marks in the table depend on the price of one class of cost. */
function sensitivitySentence(groups: readonly Group[]): Finding {
  const dependent = groups.map((group) => ({ group, found: flips(group.rows) }));
  const changed = dependent.filter(({ found }) => found.length > 0);
  const stable = 'Halving or doubling any one class of cost';
  if (changed.length === 0) return { lead: `${stable} changes no mark.`, clauses: [] };
  const shown = changed.flatMap(({ group, found }) => found.slice(0, 1).map((flip) => flipText(group, flip)));
  return {
    lead: `${stable} changes the marks of ${changed.length} of ${groups.length} columns, for example`,
    clauses: shown.slice(0, 3),
  };
}

/**
 * Three sentences on what the rows of a family show: which policies save most, which stall least and which space pays, and
 * whether that depends on a price.
 *
 * @param spaces rows of spaces.csv
 */
export function familyFindings(
  family: string,
  runs: readonly RunRow[],
  spaces: readonly SpaceRow[],
  traces: readonly TraceFacts[],
): Finding[] {
  const members = traces.filter((trace) => trace.family === family);
  const rows = runs.filter((row) => members.some((trace) => trace.label === row.trace));
  const groups = groupsOf(rows, members).filter(({ keep }) => keep);
  if (groups.length === 0) return [];
  return [savingSentence(groups), stallSentence(groups, spaces), sensitivitySentence(groups)];
}
