import { type Experiment, MAX_REPLICATES } from '../experiment/file.js';
import { namedExperiment } from '../experiment/one-trace.js';
import { loneHyphen, wholeFlag } from './flags.js';

/** The arguments of `experimentPositional` and `replicatesFlag`. */
export interface ExperimentArgs {
  experiment?: string;
  replicates?: number;
}

/** A positional argument that is an experiment, or what stands for one. */
export const experimentPositional = {
  type: 'string',
  describe:
    'experiment file (YAML), or a trace (- for standard input) to compare all policies on; without, the shipped comparison',
  coerce: loneHyphen,
} as const;

export const replicatesFlag = {
  replicates: {
    type: 'number',
    describe:
      'how often each generated trace is generated, with other seeds (default: as the experiment says, else once)',
    requiresArg: true,
  },
} as const;

/** The experiment that is named, with the replicates that the flag asks for. @throws InputError where either is wrong */
export async function experimentOf({ experiment, replicates }: ExperimentArgs): Promise<Experiment> {
  if (replicates !== undefined) wholeFlag('replicates', replicates, 1, MAX_REPLICATES);
  const read = await namedExperiment(experiment);
  return replicates === undefined ? read : { ...read, replicates };
}
