import { resolve } from 'node:path';
import { codeHash } from '../experiment/code.js';
import type { Experiment } from '../experiment/file.js';
import { type PlanOptions, withPlanned } from '../experiment/planned.js';
import type { Planned } from '../experiment/run-cells.js';
import { sharedRuns } from '../experiment/shared-runs.js';
import { VERSION } from '../metrics/host.js';
import { POLICY_TIMEOUT_S } from '../policy/module.js';
import { estimateCell, NOTHING } from './estimate.js';
import { besidePlan, type PlanCell, type PlanHeader, type PlanTrace, writePlan } from './plan-file.js';
import { storeTrace } from './trace-store.js';

/** The lines of a plan's cells. Cells that share a run name its first one. */
function linesOf(
  { cells, traces, inputs }: Planned,
  stored: readonly PlanTrace[],
  foreign: boolean,
): PlanCell[] {
  const runOf = new Map<number, number>();
  for (const { cell, others } of sharedRuns(cells, (trace) => traces[trace]!, foreign))
    for (const one of [cell, ...others]) runOf.set(one.cell, cell.cell);
  return cells.map((cell) => {
    const run = runOf.get(cell.cell)!;
    const estimate = run === cell.cell ? estimateCell(cell, stored[cell.trace]!) : NOTHING;
    return { id: inputs(cell), run, estimate, cell };
  });
}

function headerOf(
  { experiment, costs, modules, cells }: Planned,
  traces: readonly PlanTrace[],
  { policyModules, policyTimeoutS = POLICY_TIMEOUT_S }: PlanOptions,
): PlanHeader {
  const { placeOf: _placeOf, ...definition } = experiment;
  return {
    program: { version: VERSION, code: codeHash('harness') },
    experiment: definition,
    costs,
    policyModules: policyModules.map((given, i) => ({ given, file: resolve(given), sha256: modules[i]! })),
    policyTimeoutS,
    traces,
    cells: cells.length,
  };
}

/**
 * Plans an experiment into a file: reads its traces, replays each once, and writes a line a cell. Its compiled traces go to a
 * folder next to it.
 *
 * @returns undefined where it was interrupted; nothing was written then
 * @throws InputError when the experiment or a trace is wrong, HostError where there is no room
 */
export async function makePlan(
  file: string,
  experiment: Experiment,
  options: Omit<PlanOptions, 'resume'>,
): Promise<readonly PlanCell[] | undefined> {
  const whole: PlanOptions = { ...options, resume: true };
  return withPlanned(experiment, whole, async (planned) => {
    if (!planned) return undefined;
    const traces: PlanTrace[] = [];
    for (const { handle, ...trace } of planned.traces)
      traces.push({ ...trace, ...(await storeTrace(handle, besidePlan(file, 'traces'))) });
    if (options.signal?.aborted) return undefined;
    const lines = linesOf(planned, traces, options.policyModules.length > 0);
    writePlan(file, headerOf(planned, traces, whole), lines);
    return lines;
  });
}
