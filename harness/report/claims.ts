import Table from 'cli-table3';
import { type Claim, selected, type Term } from '../metrics/claim.js';
import { formatNumber, type Row } from '../metrics/csv.js';
import { NOT_APPLICABLE } from '../metrics/schema.js';

/** What results say of a claim. */
type Verdict = 'holds' | 'does not hold' | 'not computed';

/** A claim and what results say of it. */
export interface JudgedClaim {
  readonly claim: Claim;
  /** Undefined where it could not be computed. */
  readonly computed: number | undefined;
  readonly verdict: Verdict;
  /** Why it could not be computed; empty otherwise. */
  readonly reason: string;
}

/** Columns of claims.csv. */
export const CLAIM_COLUMNS: readonly string[] = [
  'id',
  'claim',
  'source',
  'relation',
  'claimed',
  'tolerance',
  'computed',
  'unit',
  'verdict',
  'reason',
];

/** Why a claim has no number. */
class NotComputed extends Error {}

/** Computes what claims speak of from the rows of runs.csv, and compares. */
export function judgeClaims(claims: readonly Claim[], rows: readonly Row[]): JudgedClaim[] {
  return claims.map((claim) => {
    try {
      const computed = compute(claim, rows);
      const verdict = holds(claim, computed) ? 'holds' : 'does not hold';
      return { claim, computed, verdict, reason: '' };
    } catch (error) {
      if (!(error instanceof NotComputed)) throw error;
      return { claim, computed: undefined, verdict: 'not computed', reason: error.message };
    }
  });
}

function compute({ value, minus, over, times, plus }: Claim, rows: readonly Row[]): number {
  const difference = numberOf(value, rows) - (minus ? numberOf(minus, rows) : 0);
  const divisor = over ? numberOf(over, rows) : 1;
  if (divisor === 0) throw new NotComputed(`${over?.column} is 0, and nothing can be divided by it`);
  return (difference / divisor) * times + plus;
}

/**
 * Of a cell that ran out of memory: how often, what became of it, and what was in use then. All other numbers are those of a part
 * of its trace.
 */
const OF_SHORT_CELLS: readonly string[] = [
  'oom_events',
  'oom_kills',
  'events_skipped',
  'resident_pages_end',
  'swap_pages_end',
];

function numberOf(term: Term, rows: readonly Row[]): number {
  const [row, another] = selected(rows, term);
  if (!row || another) throw new NotComputed(`${term.column} is not of one cell`);
  const short = row.outcome === 'oom' || row.outcome === 'killed';
  const isKnown = row.outcome === 'ok' || (short && OF_SHORT_CELLS.includes(term.column));
  if (!isKnown) throw new NotComputed(`cell ${row.cell} ended with outcome ${row.outcome}`);
  const number = row[term.column];
  if (number === NOT_APPLICABLE)
    throw new NotComputed(
      `${term.column} of cell ${row.cell} is n/a: the trace lacks the accesses that it would need`,
    );
  if (typeof number !== 'number') throw new NotComputed(`${term.column} of cell ${row.cell} is empty`);
  return number;
}

function holds({ relation, claimed, tolerance }: Claim, computed: number): boolean {
  switch (relation) {
    case '=':
      return Math.abs(computed - claimed) <= tolerance * Math.abs(claimed);
    case '<':
      return computed < claimed;
    case '<=':
      return computed <= claimed;
    case '>':
      return computed > claimed;
    case '>=':
      return computed >= claimed;
  }
}

/** The rows of claims.csv. */
export function claimRows(judged: readonly JudgedClaim[]): Row[] {
  return judged.map(({ claim, computed, verdict, reason }) => {
    const { id, claim: text, source, relation, claimed, tolerance, unit } = claim;
    return {
      id,
      claim: text,
      source,
      relation,
      claimed,
      tolerance,
      computed: computed ?? null,
      unit,
      verdict,
      reason: reason === '' ? null : reason,
    };
  });
}

/** Widths of the columns: a claim is a sentence, and a table of 110 characters fits most terminals. */
const WIDTHS = [15, 48, 17, 14, 16];

/** The readable table of claims. */
export function claimsTable(judged: readonly JudgedClaim[]): string {
  const table = new Table({
    style: { head: [], border: [] },
    head: ['', 'claim', 'claimed', 'computed', 'verdict'],
    colWidths: WIDTHS,
    colAligns: ['left', 'left', 'right', 'right', 'left'],
    wordWrap: true,
  });
  for (const { claim, computed, verdict, reason } of judged) {
    table.push([
      claim.id,
      claim.claim,
      `${claimedText(claim)} ${claim.unit}`.trim(),
      computed === undefined ? '' : formatNumber(computed),
      reason === '' ? verdict : `${verdict}: ${reason}`,
    ]);
  }
  return table.toString();
}

/** What the number is to be: itself (within a tolerance), or on one side of it. */
function claimedText({ relation, claimed, tolerance }: Claim): string {
  const number = formatNumber(claimed);
  if (relation !== '=') return `${relation} ${number}`;
  return tolerance === 0 ? number : `${number} \u00b1 ${formatNumber(tolerance * 100)} %`;
}
