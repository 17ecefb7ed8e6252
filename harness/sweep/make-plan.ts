import { resolve } from 'node:path';
import { InputError } from '../base/errors.js';
import { codeHash } from '../experiment/code.js';
import { FOLLOWS } from '../experiment/estimate.js';
import type { Experiment } from '../experiment/file.js';
import { type PlanOptions, withPlanned } from '../experiment/planned.js';
import type { Planned } from '../experiment/run-cells.js';
import { families, sharedRuns } from '../experiment/shared-runs.js';
import { AXES } from '../metrics/axes.js';
import { VERSION } from '../metrics/host.js';
import { POLICY_TIMEOUT_S } from '../modules/load.js';
import { estimateCell, NOTHING, type Work } from './estimate.js';
import { besidePlan, type PlanCell, type PlanHeader, type PlanTrace, writePlan } from './plan-file.js';
import { storeTrace } from './trace-store.js';

/**
 * The lines of a plan's cells. Cells that are run together name the first of them.
 *
 * @param works what a replay of each trace has to do
 * @param foreign whether there are policies from outside
 */
export function linesOf(
  { cells, traces, inputs }: Planned,
  works: readonly Work[],
  foreign: boolean,
): PlanCell[] {
  const lines = new Map<number, Pick<PlanCell, 'run' | 'estimate'>>();
  const runs = sharedRuns(cells, (trace) => traces[trace]!, foreign);
  for (const family of families(runs, foreign))
    for (const [i, { cell, others }] of family.entries()) {
      const run = family[0]!.cell.cell;
      const { ns, bytes } = estimateCell(cell, works[cell.trace]!);
      lines.set(cell.cell, { run, estimate: { ns: i === 0 ? ns : Math.round(FOLLOWS * ns), bytes } });
      for (const other of others) lines.set(other.cell, { run, estimate: NOTHING });
    }
  return cells.map((cell) => ({ id: inputs(cell), ...lines.get(cell.cell)!, cell }));
}

/** @throws InputError where cells are for a live kernel: its results differ from run to run, and a host has few machines to give */
function checkSimulated(experiment: Experiment): void {
  const machines = experiment[AXES.machine.key];
  const at = machines.findIndex((machine) => machine !== AXES.machine.default);
  if (at >= 0)
    throw new InputError(
      `machine ${machines[at]} runs cells on a live kernel, which reclaim compare does on one host; expected ${AXES.machine.default} in a plan`,
      experiment.placeOf([AXES.machine.key, at]),
    );
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
  checkSimulated(experiment);
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
