import type { TargetInfo } from '../contract/target.js';
import { LiveMachine } from './machine.js';
import type { LiveMachineName } from './names.js';
import type { Session } from './session.js';

const SUMMARIES: Readonly<Record<LiveMachineName, string>> = {
  vm: 'a live kernel in a virtual machine: its own reclaim, exact counts, no times',
  host: 'the kernel of this host: its own reclaim, no times; counts depend on what else runs',
};

/** A live kernel as a machine, in an executor that runs. One replay at a time. */
export function liveMachine(name: LiveMachineName, session: Session): TargetInfo<LiveMachine> {
  return {
    name,
    summary: SUMMARIES[name],
    create: (setup) => new LiveMachine(session, setup),
  };
}
