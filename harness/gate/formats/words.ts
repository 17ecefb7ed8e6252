import { median } from '../../stats/median.js';
import { allFindings, type Finding, type Level, type Report, type Side, type TimeReport } from '../report.js';
import { signedPercent } from '../times.js';

/** Findings that a list for people shows of one cell, and cells it shows; the rest is counted. */
export const SHOWN_FINDINGS = 5;
export const SHOWN_CELLS = 10;

/** `1 cell`, `2 cells`. */
function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function compared({ compared: { cells, times } }: Report): string {
  const parts = [
    ...(cells > 0 ? [counted(cells, 'cell')] : []),
    ...(times > 0 ? [counted(times, 'wall time')] : []),
  ];
  return parts.length > 0 ? `${parts.join(' and ')} compared` : 'nothing compared';
}

function levels(report: Report): string {
  const found = allFindings(report).map(({ finding }) => finding.level);
  const names: readonly Level[] = ['failure', 'warning', 'notice'];
  const parts = names.flatMap((level) => {
    const count = found.filter((one) => one === level).length;
    return count > 0 ? [counted(count, level)] : [];
  });
  return parts.length > 0 ? parts.join(', ') : 'no differences';
}

/** The verdict in one line. */
export function summaryLine(report: Report): string {
  const { verdict, strict } = report;
  return `${verdict}: ${compared(report)}; ${levels(report)}${strict ? ' (strict: warnings fail)' : ''}`;
}

/** What a side is: its folder, and what made it. */
export function sideText({ folder, version, commit, host }: Side): string {
  const made = [
    ...(version === undefined ? [] : [`version ${version}`]),
    ...(commit === undefined ? [] : [`commit ${commit.slice(0, 12)}`]),
    ...(host === undefined ? [] : [`host ${host}`]),
  ];
  return made.length > 0 ? `${folder} (${made.join(', ')})` : folder;
}

/** A finding as one line with its level. */
export function findingLine({ level, kind, text }: Finding): string {
  return `${level}: ${kind}: ${text}`;
}

/** Those of a list that are shown, and how many are not. */
export function shownOf<T>(all: readonly T[], most: number): { shown: readonly T[]; more: number } {
  return { shown: all.slice(0, most), more: Math.max(0, all.length - most) };
}

/** A time in a unit that leaves three digits. */
function timeText(ns: number): string {
  if (ns >= 1e9) return `${(ns / 1e9).toPrecision(3)} s`;
  if (ns >= 1e6) return `${(ns / 1e6).toPrecision(3)} ms`;
  return ns >= 1e3 ? `${(ns / 1e3).toPrecision(3)} µs` : `${ns.toPrecision(3)} ns`;
}

/** The times that were compared, and those that were not and have something to tell. */
export function splitTimes(times: readonly TimeReport[]): { compared: TimeReport[]; others: TimeReport[] } {
  return {
    compared: times.filter(({ change }) => change !== undefined),
    others: times.filter(({ change, findings }) => change === undefined && findings.length > 0),
  };
}

/** What a table says of a compared time: its name, both medians, the change, p, the noise, and what was found. */
export function timeCells({ name, baseline, candidate, change, p, noise, findings }: TimeReport): string[] {
  return [
    name,
    timeText(median(baseline)),
    timeText(median(candidate)),
    signedPercent(change!),
    p!.toPrecision(2),
    `${(100 * noise!).toFixed(1)} %`,
    findings[0]?.kind ?? '',
  ];
}

/** What accepts a changed baseline, where one changed on purpose. */
export function acceptText({ baseline, candidate, cells, general }: Report): string | undefined {
  const deterministic =
    cells.some(({ findings }) => findings.length > 0) || general.some(({ level }) => level !== 'notice');
  return deterministic
    ? `If this is wanted: reclaim gate ${baseline.folder} ${candidate.folder} --update`
    : undefined;
}
