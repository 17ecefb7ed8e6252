import type { TargetInfo } from '../contract/target.js';
import { LiveMachine } from './machine.js';
import { checkSetup } from './setup.js';
import type { LiveSystem } from './system.js';

/** A live kernel as a machine. One replay at a time. */
export function liveMachine(system: LiveSystem): TargetInfo<LiveMachine> {
  const { name, summary } = system;
  return {
    name,
    summary,
    create: async (setup) => {
      checkSetup(setup);
      if (system.session.lost) await system.renew();
      return LiveMachine.begin(system, setup);
    },
  };
}
