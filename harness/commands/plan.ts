import { isAbsolute } from 'node:path';
import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';
import { counted } from '../base/text.js';
import { makePlan } from '../sweep/make-plan.js';
import { besidePlan } from '../sweep/plan-file.js';
import { runsOf } from '../sweep/shards.js';
import {
  type ExperimentArgs,
  experimentOf,
  experimentPositional,
  replicatesFlag,
} from './experiment-flags.js';
import {
  type Command,
  inputLimitFlags,
  loadPolicyModules,
  type PolicyModuleArgs,
  policyModuleFlag,
  policyTimeout,
  quietFlag,
  type WorkerArgs,
  workersFlag,
  workersOf,
} from './flags.js';
import { interruptible } from './interrupt.js';
import { planTable } from './plan-text.js';
import { note, print } from './terminal.js';

interface Args extends PolicyModuleArgs, WorkerArgs, ExperimentArgs {
  output: string;
  quiet: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('experiment', experimentPositional)
    .options({
      output: {
        alias: 'o',
        type: 'string',
        demandOption: true,
        describe: 'the plan, a cell a line (.jsonl); its traces go to a folder next to it',
        requiresArg: true,
      },
      ...replicatesFlag,
      ...workersFlag,
      ...inputLimitFlags,
      ...policyModuleFlag,
      ...quietFlag,
    })
    .epilogue(
      'Then: reclaim run PLAN --shard i/n on any number of hosts that share its folder, and reclaim merge PLAN; or reclaim submit.',
    );
}

async function handler(args: Args): Promise<void> {
  const { output } = args;
  if (!/[^/]\.jsonl$/.test(output))
    throw new InputError(`--output is ${output}, expected a name that ends with .jsonl`);
  await loadPolicyModules(args);
  const experiment = await experimentOf(args);
  const lines = await interruptible((signal) =>
    makePlan(output, experiment, {
      workers: workersOf(args),
      policyModules: args.policyModule,
      policyTimeoutS: policyTimeout(args),
      signal,
      events: { note },
    }),
  );
  if (!lines) {
    note('reclaim: interrupted; no plan was written');
    return;
  }
  const runs = runsOf(lines).length;
  await print(
    `${output}: ${counted(lines.length, 'cell')} in ${counted(runs, 'run')}, their traces in ${besidePlan(output, 'traces')}\n\n${planTable(lines)}`,
  );
  if (args.policyModule.some((file) => !isAbsolute(file)))
    note('the policies of --policy-module are loaded from the same paths wherever a shard runs');
}

export const plan: Command = { builder, handler };
