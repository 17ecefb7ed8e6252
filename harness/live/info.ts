import type { TargetInfo } from '../contract/target.js';
import { LiveMachine } from './machine.js';
import type { LiveMachineName } from './names.js';
import { checkSetup } from './setup.js';
import type { LiveSystem } from './system.js';

const SUMMARIES: Readonly<Record<LiveMachineName, string>> = {
  vm: 'a live kernel in a virtual machine: its own reclaim, exact counts, no times',
  host: 'the kernel of this host: its own reclaim, no times; counts depend on what else runs',
};

/** A live kernel as a machine. One replay at a time. */
export function liveMachine(system: LiveSystem): TargetInfo<LiveMachine> {
  const { name } = system;
  return {
    name,
    summary: SUMMARIES[name],
    create: async (setup) => {
      checkSetup(setup);
      if (system.session.lost) await system.renew();
      return LiveMachine.begin(system, setup);
    },
  };
}
