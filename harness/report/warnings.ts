import { counted } from '../base/text.js';
import type { Touches } from '../base/touches.js';
import type { KeyColumn, RunRow } from '../metrics/files.js';
import { callWarnings, sampleWarning, type Warning } from '../metrics/warnings.js';
import { closedClock } from './closed-clock.js';
import { groupBy, isRefused, type TraceFacts } from './comparison.js';
import { originText } from './facts.js';
import { listed } from './format.js';
import { isLive } from './selection.js';

function names(rows: readonly RunRow[], column: KeyColumn): string {
  return listed([...new Set(rows.map((row) => String(row[column])))]);
}

function labelsOf(traces: readonly TraceFacts[], known: Touches): string[] {
  return traces.filter(({ touches }) => touches === known).map(({ label }) => label);
}

function inferred(traces: readonly TraceFacts[]): Warning[] {
  const labels = labelsOf(traces, 'inferred');
  if (labels.length === 0) return [];
  return [
    {
      what: `The accesses of ${listed(labels)} were inferred, not recorded.`,
      advice:
        'Use these traces for memory and for the cost of calls and reclaim, not for faults: there is no fault rate, and the faults among the stalls are inferred too (~).',
    },
  ];
}

function firstAccesses(traces: readonly TraceFacts[]): Warning[] {
  const labels = labelsOf(traces, 'first-access');
  if (labels.length === 0) return [];
  return [
    {
      what: `Only first accesses were seen of ${listed(labels)}.`,
      advice:
        'Use these traces for memory and for the cost of calls and reclaim. Under a limit faults are n/a and stalls the least that they can be (\u2265): accesses to what reclaim took are not in the trace.',
    },
  ];
}

function samples(traces: readonly TraceFacts[]): Warning[] {
  const rates = [...new Set(traces.map(({ sample = 1 }) => sample))].filter((sample) => sample > 1);
  return rates.map((rate) => {
    const labels = traces.filter(({ sample }) => sample === rate).map(({ label }) => label);
    const { what, advice } = sampleWarning(rate);
    return { what: `Of ${listed(labels)}, ${what}.`, advice };
  });
}

/** Traces that are put together of recordings that were not made together. */
function composed(traces: readonly TraceFacts[]): Warning[] {
  const made = traces.filter(({ origin }) => origin?.whole === 'composed');
  if (made.length === 0) return [];
  const texts = made.map((trace) => `${trace.label}: ${originText(trace)}`);
  return [
    {
      what: `${listed(made.map(({ label }) => label))} ${made.length > 1 ? 'are' : 'is'} composed, not recorded as a whole.`,
      advice: `No program did all of this at once (${texts.join('; ')}). What was put together how is in traces/README.md.`,
    },
  ];
}

/** Cells without a result, as what they ask for cannot be done: tables and the verdict say which. */
function notApplicable(runs: readonly RunRow[]): Warning[] {
  const impossible = runs.filter(({ outcome }) => outcome === 'refused').length;
  const refused = runs.filter((row) => row.outcome === 'ok' && isRefused(row)).length;
  if (impossible + refused === 0) return [];
  const parts = [
    ...(impossible > 0 ? [`in ${impossible} memory cannot be of that kind`] : []),
    ...(refused > 0 ? [`in ${refused} every call is refused on that kind of memory`] : []),
  ];
  return [
    {
      what: `${impossible + refused} of ${runs.length} cells are not ranked: ${parts.join(', ')}.`,
      advice: 'They are not results, neither good nor bad. Tables mark them with a word, n/a or refused.',
    },
  ];
}

/** Cells on live kernels. */
function live(runs: readonly RunRow[]): Warning[] {
  const cells = runs.filter(isLive);
  if (cells.length === 0) return [];
  return [
    {
      what: `${counted(cells.length, 'cell')} of ${runs.length} ran on live kernels (${names(cells, 'machine')}) and are not ranked.`,
      advice:
        'Means over time and stalls are not measured there. runs.csv has their counters; reclaim fidelity sets them next to the simulated ones.',
    },
  ];
}

function unfinished(runs: readonly RunRow[], planned: number | undefined): Warning[] {
  const oom = runs.filter(({ outcome }) => outcome === 'oom');
  const killed = runs.filter(({ outcome }) => outcome === 'killed');
  const late = runs.filter(({ outcome }) => outcome === 'timeout');
  const failed = runs.filter(({ outcome }) => outcome === 'failed');
  const missing = (planned ?? runs.length) - runs.length;
  const warnings: Warning[] = [];
  if (oom.length > 0)
    warnings.push({
      what: `${counted(oom.length, 'cell')} ran out of memory (${names(oom, 'trace')}).`,
      advice: 'Their limit could not be met: raise it, or allow swap. They are not ranked.',
    });
  if (killed.length > 0)
    warnings.push({
      what: `In ${counted(killed.length, 'cell')} the OOM killer killed spaces (${names(killed, 'trace')}).`,
      advice:
        'Their numbers are those of the survivors, and they are not ranked: oom_kills and events_skipped say what is missing, spaces.csv which spaces.',
    });
  if (late.length > 0)
    warnings.push({
      what: `${counted(late.length, 'cell')} took longer on a live machine than it may (${names(late, 'trace')}).`,
      advice:
        'They are not ranked. Raise --timeout, or the limit: a kernel can spend any time on a limit that is too small.',
    });
  if (failed.length + missing > 0)
    warnings.push({
      what: `${counted(failed.length + missing, 'cell')} without a result: the run was interrupted, or a worker died.`,
      advice: 'Run the same command with --resume: finished cells are kept.',
    });
  return warnings;
}

function proxies(runs: readonly RunRow[]): Warning[] {
  if (!runs.some(({ discard }) => /^volatile\b/.test(discard))) return [];
  return [
    {
      what: 'No kernel has volatile ranges today, so the prices of their calls are proxies.',
      advice:
        'Trust the memory that volatile saves, and only the order of magnitude of its stalls. The cost table says what each price stands for.',
    },
  ];
}

/** What the calls of traces say: of each trace in the cell where it is most, as cells of one trace make the same calls. */
export function ofCalls(runs: readonly RunRow[]): Warning[] {
  const byText = new Map<string, { warning: Warning; traces: Set<string> }>();
  for (const rows of groupBy(runs, ['trace'])) {
    const most = (metric: 'advice_ignored' | 'unmade_touches' | 'call_errors') =>
      Math.max(...rows.map((row) => row[metric] ?? 0));
    const counts = {
      advice_ignored: most('advice_ignored'),
      unmade_touches: most('unmade_touches'),
      call_errors: most('call_errors'),
    };
    for (const warning of callWarnings(counts)) {
      const entry = byText.get(warning.what) ?? { warning, traces: new Set() };
      entry.traces.add(rows[0]!.trace);
      byText.set(warning.what, entry);
    }
  }
  return [...byText.values()].map(({ warning, traces }) => ({
    what: `In ${listed([...traces])}, ${warning.what}.`,
    advice: warning.advice,
  }));
}

/** What a reader of results must know before quoting numbers. @param planned cells that were to be run, where known */
export function warningsOf(
  runs: readonly RunRow[],
  traces: readonly TraceFacts[],
  planned: number | undefined,
): Warning[] {
  return [
    ...unfinished(runs, planned),
    ...live(runs),
    ...closedClock(runs),
    ...composed(traces),
    ...inferred(traces),
    ...firstAccesses(traces),
    ...samples(traces),
    ...ofCalls(runs),
    ...proxies(runs),
    ...notApplicable(runs),
  ];
}
