import type { Measured, Report, TimeReport } from '../report.js';
import { type Series, seriesOf } from '../series.js';
import type { Format } from './format.js';

/** What benchstat is to know of the units: which direction is better, and that values do not scatter except between draws. */
function unitLines(series: readonly Series[]): string[] {
  const measured = series.flatMap(({ baseline, candidate }) => [...baseline, ...candidate]);
  const units = new Map(measured.map(({ metric, better }) => [metric, better]));
  const drawn = new Set(measured.filter(({ draws }) => draws).map(({ metric }) => metric));
  return [...units].map(([metric, better]) => {
    const direction = better === 'neither' ? '' : ` better=${better}`;
    return `Unit ${metric}${direction} assume=${drawn.has(metric) ? 'nothing' : 'exact'}`;
  });
}

/** A name as the format has it: parts begin with `/`, and there is no white space in it. */
function benchmarkName(first: string, parts: readonly string[]): string {
  return [`Benchmark${first}`, ...parts.map((part) => part.replace(/\s/g, '_'))].join('/');
}

type SideName = 'baseline' | 'candidate';

/** What the lines of a cell say: first all that draws do not change, then a line a draw, which are a sample for benchstat. */
function valueLines(measured: readonly Measured[]): string[] {
  const drawn = measured.filter(({ draws }) => draws);
  const exact = measured.filter(({ draws }) => !draws).map(({ metric, value }) => `${value} ${metric}`);
  const count = Math.max(0, ...drawn.map(({ draws }) => draws?.length ?? 0));
  const byDraw = Array.from({ length: count }, (_, i) =>
    drawn.map(({ metric, draws }) => `${draws?.[i]} ${metric}`),
  );
  return [exact, ...byDraw].filter((values) => values.length > 0).map((values) => values.join(' '));
}

function cellLines(series: Series, side: SideName): string[] {
  const parts = Object.entries(series.parts).map(
    ([column, value]) => `${column}=${value === '' ? 'none' : value}`,
  );
  const name = benchmarkName('Cell', parts);
  return valueLines(series[side]).map((values) => `${name} 1 ${values}`);
}

/** One line a sample: the lines of one name are a sample for benchstat. */
function timeLines(time: TimeReport, side: SideName): string[] {
  const name = benchmarkName('Time', [time.name]);
  return time[side].map((ns) => `${name} 1 ${ns} ns/op`);
}

function sideLines(series: readonly Series[], { times }: Report, side: SideName): string[] {
  const lines = [
    ...series.flatMap((one) => cellLines(one, side)),
    ...times.flatMap((time) => timeLines(time, side)),
  ];
  return [`side: ${side}`, '', ...lines, ''];
}

/**
 * Go's benchmark text with both sides in one file, for `benchstat -col side`.
 * Source: golang.org/design/14313-benchmark-format, and golang.org/x/perf/benchfmt for `Unit` lines.
 */
export const benchstat: Format = {
  name: 'benchstat',
  file: 'benchmarks.txt',
  about: 'Go benchmark text of both sides: benchstat -col side benchmarks.txt',
  text(report, all) {
    const series = seriesOf(report, all);
    return [
      ...unitLines(series),
      '',
      ...sideLines(series, report, 'baseline'),
      ...sideLines(series, report, 'candidate'),
    ].join('\n');
  },
};
