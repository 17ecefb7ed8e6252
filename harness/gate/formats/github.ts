import { allFindings, type CellReport, type Finding, type Report, type TimeReport } from '../report.js';
import type { Format } from './format.js';
import { summaryLine } from './words.js';

/** GitHub shows at most this many annotations of a kind for a step, and drops the others silently. */
const SHOWN = 10;

const COMMANDS: Readonly<Record<Finding['level'], string>> = {
  failure: 'error',
  warning: 'warning',
  notice: 'notice',
};

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

interface Annotation {
  readonly level: Finding['level'];
  readonly title: string;
  readonly message: string;
}

/** One annotation a cell or wall time, at the level of its worst finding. */
function annotationOf(about: CellReport | TimeReport): Annotation | undefined {
  const [worst, ...others] = about.findings;
  if (!worst) return undefined;
  const { title, reproduce } =
    'label' in about
      ? { title: about.label, reproduce: about.reproduce }
      : { title: about.name, reproduce: [] };
  const message = [
    `${worst.kind}: ${worst.text}`,
    ...(others.length > 0 ? [`and ${others.length} more`] : []),
    ...reproduce.map((command) => `$ ${command}`),
  ].join('\n');
  return { level: worst.level, title, message };
}

function annotations({ general, cells, times }: Report): Annotation[] {
  return [
    ...general.map(({ level, kind, text }) => ({
      level,
      title: 'reclaim gate',
      message: `${kind}: ${text}`,
    })),
    ...[...cells, ...times].flatMap((about) => annotationOf(about) ?? []),
  ];
}

function line({ level, title, message }: Annotation): string {
  return `::${COMMANDS[level]} title=${property(title)}::${data(message)}`;
}

/**
 * Workflow commands of GitHub Actions: annotations of the run.
 * Source: docs.github.com, "Workflow commands for GitHub Actions"; escapes as in actions/toolkit, command.ts.
 */
export const github: Format = {
  name: 'github',
  file: 'gate.annotations',
  about: 'annotations of a GitHub workflow run: print it in a step',
  text(report) {
    const all = annotations(report);
    const lines = (['failure', 'warning', 'notice'] as const).flatMap((level) => {
      const ofLevel = all.filter((one) => one.level === level);
      if (ofLevel.length <= SHOWN) return ofLevel.map(line);
      const more = `and ${ofLevel.length - SHOWN + 1} more; all are in the summary and in gate.json`;
      return [
        ...ofLevel.slice(0, SHOWN - 1).map(line),
        line({ level, title: 'reclaim gate', message: more }),
      ];
    });
    const quiet = allFindings(report).length === 0;
    return quiet ? `${summaryLine(report)}\n` : `${lines.join('\n')}\n`;
  },
};
