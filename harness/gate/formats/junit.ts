import type { CellReport, Finding, Report, TimeReport } from '../report.js';
import type { Format } from './format.js';
import { findingLine, summaryLine } from './words.js';
import { element } from './xml.js';

interface Case {
  readonly className: string;
  readonly name: string;
  readonly findings: readonly Finding[];
  /** Why it was not compared. */
  readonly skipped?: string | undefined;
  readonly reproduce?: readonly string[];
}

function cases({ general, cells, times }: Report): Case[] {
  const notCompared = general.filter(({ kind }) => kind === 'not-compared');
  const setup = general.filter((finding) => !notCompared.includes(finding));
  return [
    { className: 'reclaim.gate', name: 'setup', findings: setup },
    ...notCompared.map(({ text }) => ({
      className: 'reclaim.gate',
      name: 'wall times',
      findings: [],
      skipped: text,
    })),
    ...cells.map(({ name, trace, findings, reproduce }: CellReport) => ({
      className: `reclaim.cell.${trace}`,
      name,
      findings,
      reproduce,
    })),
    ...times.map(({ name, findings, notCompared: skipped }: TimeReport) => ({
      className: 'reclaim.time',
      name,
      findings,
      skipped,
    })),
  ];
}

/** Whether findings fail their test: the same rule as for the whole. */
function failing(findings: readonly Finding[], strict: boolean): Finding[] {
  return findings.filter(({ level }) => level === 'failure' || (strict && level === 'warning'));
}

function caseXml({ className, name, findings, skipped, reproduce = [] }: Case, strict: boolean): string {
  const fails = failing(findings, strict);
  const others = findings.filter((finding) => !fails.includes(finding));
  const message = [...fails.map(findingLine), ...reproduce.map((command) => `$ ${command}`)].join('\n');
  return element('testcase', { classname: className, name }, [
    ...(fails.length > 0 ? [element('failure', { type: fails[0]!.kind, message })] : []),
    ...(skipped === undefined ? [] : [element('skipped', { message: skipped })]),
    ...(others.length > 0
      ? [
          element('properties', {}, [
            ...others.map(({ kind, text }) => element('property', { name: kind, value: text })),
          ]),
        ]
      : []),
  ]);
}

/**
 * JUnit XML, as CI servers show it: a test a cell and a wall time.
 * Source: the schema of Apache Ant's JUnit task, with `properties` in test cases as Jenkins and GitLab take them.
 */
export const junit: Format = {
  name: 'junit',
  file: 'gate.junit.xml',
  about: 'JUnit XML, for the test reports of CI servers',
  text(report) {
    const all = cases(report);
    const { strict } = report;
    const counts = {
      tests: all.length,
      failures: all.filter(({ findings }) => failing(findings, strict).length > 0).length,
      errors: 0,
      skipped: all.filter(({ skipped }) => skipped !== undefined).length,
    };
    const suite = element('testsuite', { name: 'reclaim gate', ...counts, time: 0 }, [
      element('properties', {}, [element('property', { name: 'summary', value: summaryLine(report) })]),
      ...all.map((one) => caseXml(one, strict)),
    ]);
    return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', {}, [suite])}\n`;
  },
};
