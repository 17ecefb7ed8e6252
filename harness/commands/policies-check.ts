import { EXIT } from '../base/errors.js';
import { counted } from '../base/text.js';
import { csvHeader, csvRows } from '../metrics/csv.js';
import type { CheckResult } from '../modules/check/result.js';
import { checkModule } from '../modules/check/suite.js';
import { wrapped } from '../report/terminal-text.js';
import { outputLook, print } from './terminal.js';

/** What is printed for each outcome: what is wrong stands out. */
const SHOWN = { pass: 'pass', fail: 'FAIL', skip: 'skip', info: 'info' } as const;
const COLUMNS = ['module', 'kind', 'name', 'check', 'outcome', 'detail'] as const;
const INDENT = '  ';
/** Columns of a line before its detail, without the indent. */
const BEFORE = 18;

function lineOf({ check, outcome, detail }: CheckResult): string {
  const start = `${SHOWN[outcome]}  ${check}`.padEnd(BEFORE);
  const width = outputLook().columns - INDENT.length;
  return INDENT + wrapped(start + detail, width, ' '.repeat(INDENT.length + BEFORE));
}

/** The results as text: the entries with their checks, and how many ended how. */
function textOf(file: string, results: readonly CheckResult[]): string {
  const entries = [...new Set(results.map(({ kind, name }) => `${kind} ${name}`))];
  const parts = entries.map((entry) => {
    const own = results.filter(({ kind, name }) => `${kind} ${name}` === entry);
    const title = own[0]!.name === '' ? file : entry;
    return [title, ...own.map(lineOf)].join('\n');
  });
  const count = (outcome: CheckResult['outcome']) => results.filter((one) => one.outcome === outcome).length;
  const sum = `${counted(results.length - count('info'), 'check')}: ${count('pass')} passed, ${count('fail')} failed, ${count('skip')} skipped`;
  return `${parts.join('\n\n')}\n\n${sum}${nextText(file, results)}`;
}

/** What to do next. */
function nextText(file: string, results: readonly CheckResult[]): string {
  const isPolicy = results.some(({ kind }) => kind.endsWith('policy'));
  if (results.some(({ outcome }) => outcome === 'fail'))
    return `\n\nNext: mend what failed, then again:\n  reclaim policies --check ${file}`;
  if (!isPolicy) return '';
  return `\n\nNext:\n  reclaim compare mariadb-resize --policy-module ${file}`;
}

/**
 * Runs the conformance suite on a module and prints how each check ended. Exit code 1 where one failed.
 *
 * @throws InputError where there is no such file
 */
export async function checkAndPrint(
  file: string,
  format: 'table' | 'json' | 'csv',
  timeoutS: number,
): Promise<void> {
  const results = await checkModule(file, timeoutS);
  if (results.some(({ outcome }) => outcome === 'fail')) process.exitCode = EXIT.regression;
  if (format === 'table') {
    await print(textOf(file, results));
    return;
  }
  const rows = results.map((result) => ({ module: file, ...result }));
  await print(
    format === 'json' ? JSON.stringify(rows, null, 2) : csvHeader(COLUMNS) + csvRows(COLUMNS, rows),
  );
}
