import { InputError } from '../base/errors.js';
import type { TargetInfo } from '../contract/target.js';
import { GROUP_VERSIONS, type GroupVersion } from '../live/group.js';
import { LIVE_MACHINES } from '../live/names.js';
import { PACES, type Pace, STATISTICS, type Statistics } from '../live/system.js';
import type { WithVm } from '../live/vm/with-vm.js';
import { simulated } from '../machine/target.js';
import { AXES, type AxisName } from '../metrics/axes.js';
import { usableCacheFolder } from '../trace/io/cache.js';

/** Memory of a virtual machine. It is taken from the host only as far as it is used. */
const VM_MEMORY_MIB = 2048;
const TIMEOUT_S = 600;
const MAX_TIMEOUT_S = 86_400;
const DEFAULTS = { cgroup: 'v2', pace: 'trace', stats: 'kernel' } as const;

/** Flags of commands that use a live kernel. */
export const kernelFlags = {
  kernel: {
    type: 'string',
    describe: 'kernel image of --machine vm (default: the newest in /boot)',
    requiresArg: true,
  },
  timeout: {
    type: 'number',
    describe: `seconds that a live machine may take for 65536 events (default: ${TIMEOUT_S})`,
    requiresArg: true,
  },
  cgroup: {
    choices: GROUP_VERSIONS,
    describe: `version of the memory cgroup of --machine vm (default: ${DEFAULTS.cgroup})`,
    requiresArg: true,
  },
  pace: {
    choices: PACES,
    describe: `on a live machine, trace: no event before its time; asap: as fast as it goes (default: ${DEFAULTS.pace})`,
    requiresArg: true,
  },
  stats: {
    choices: STATISTICS,
    describe: `statistics by which a live kernel decides what to reclaim, kernel: as old as it leaves them; fresh: read every 16 touches (default: ${DEFAULTS.stats})`,
    requiresArg: true,
  },
} as const;

/** Arguments of `kernelFlags`. */
export interface KernelArgs {
  kernel?: string;
  timeout?: number;
  cgroup?: GroupVersion;
  pace?: Pace;
  stats?: Statistics;
}

export const machineFlag = {
  machine: {
    choices: [simulated.name, ...LIVE_MACHINES],
    default: simulated.name,
    describe: 'sim: the simulated kernel; vm: a live one in a virtual machine',
  },
} as const;

/** Arguments of `machineFlag` and `kernelFlags`. */
export interface MachineArgs extends KernelArgs {
  machine: string;
}

/** The value of `--timeout`. @throws InputError when it is no number of seconds */
function timeoutS({ timeout = TIMEOUT_S }: KernelArgs): number {
  if (timeout > 0 && timeout <= MAX_TIMEOUT_S) return timeout;
  throw new InputError(`--timeout is not a number of seconds above 0 and up to ${MAX_TIMEOUT_S}`);
}

/** What `withVm` needs, from the arguments of a command. @throws InputError for a value that a flag does not take */
export function vmOptions(args: KernelArgs): WithVm {
  return {
    ...DEFAULTS,
    ...(args.cgroup && { cgroup: args.cgroup }),
    ...(args.pace && { pace: args.pace }),
    ...(args.stats && { stats: args.stats }),
    kernel: args.kernel,
    memoryMiB: VM_MEMORY_MIB,
    timeoutS: timeoutS(args),
    cache: usableCacheFolder(),
  };
}

/** Axes whose values change nothing on a live machine. */
const WITHOUT_EFFECT = ['purge', 'seed'] as const satisfies readonly AxisName[];

/** @throws InputError for flags that would change nothing on the machine that is chosen */
export function checkMachineFlags(
  args: MachineArgs & { costs?: string } & Partial<Record<AxisName, string | number>>,
): void {
  const { machine } = args;
  const isSimulated = machine === simulated.name;
  const given = isSimulated
    ? (['kernel', 'timeout', 'cgroup', 'pace', 'stats'] as const).filter((flag) => args[flag] !== undefined)
    : [
        ...(args.costs === undefined ? [] : ['costs']),
        ...WITHOUT_EFFECT.filter((name) => String(args[name]) !== AXES[name].default),
      ];
  if (given.length === 0) return;
  const why = isSimulated ? 'expected it with --machine vm' : 'expected it without';
  throw new InputError(`--${given[0]} has no effect on --machine ${machine}, ${why}`);
}

/** Lets something work with the machine that `--machine` names. @throws HostError where this host cannot have it */
export async function withMachine<T>(
  args: MachineArgs,
  work: (machine: TargetInfo) => Promise<T>,
): Promise<T> {
  if (args.machine === simulated.name) return work(simulated);
  // Loaded by those who want it: most replays do not.
  const [{ withVm }, { liveMachine }] = await Promise.all([
    import('../live/vm/with-vm.js'),
    import('../live/info.js'),
  ]);
  return withVm(vmOptions(args), (guest) => work(liveMachine(guest)));
}
