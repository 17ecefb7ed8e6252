import { InputError } from '../base/errors.js';
import type { TargetInfo } from '../contract/target.js';
import { GROUP_VERSIONS, type GroupVersion } from '../live/group.js';
import { LIVE_MACHINES, type LiveMachineName } from '../live/names.js';
import { PACES, type Pace, STATISTICS, type Statistics } from '../live/system.js';
import type { LiveOptions } from '../live/with-live.js';
import { simulated } from '../machine/target.js';
import { AXES, type AxisName } from '../metrics/axes.js';
import { usableCacheFolder } from '../trace/io/cache.js';
import { note } from './terminal.js';

/** Memory of a virtual machine. It is taken from the host only as far as it is used. */
const VM_MEMORY_MIB = 2048;
const TIMEOUT_S = 600;
const MAX_TIMEOUT_S = 86_400;
const DEFAULTS = { cgroup: 'v2', pace: 'trace', stats: 'kernel' } as const;
/** Flags that only one of the machines obeys, and those that all live ones do. */
const OF_VM = ['kernel', 'cgroup'] as const;
const OF_LIVE = ['timeout', 'pace', 'stats'] as const;

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
  kernel?: string | undefined;
  timeout?: number | undefined;
  cgroup?: GroupVersion | undefined;
  pace?: Pace | undefined;
  stats?: Statistics | undefined;
}

export const machineFlag = {
  machine: {
    choices: [simulated.name, ...LIVE_MACHINES],
    default: simulated.name,
    describe: 'sim: the simulated kernel; vm: a live one in a virtual machine; host: the kernel of this host',
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

/** What `withLive` needs, from the arguments of a command. @throws InputError for a value that a flag does not take */
export function liveOptions(args: KernelArgs): LiveOptions {
  return {
    cgroup: args.cgroup ?? DEFAULTS.cgroup,
    pace: args.pace ?? DEFAULTS.pace,
    stats: args.stats ?? DEFAULTS.stats,
    kernel: args.kernel,
    memoryMiB: VM_MEMORY_MIB,
    timeoutS: timeoutS(args),
    cache: usableCacheFolder(),
    told: note,
  };
}

/** Axes whose values change nothing on a live machine. */
const WITHOUT_EFFECT = ['purge', 'seed'] as const satisfies readonly AxisName[];

/** Flags that are given and change nothing on a live machine. */
function noEffectLive(args: { costs?: string } & Partial<Record<AxisName, string | number>>): string[] {
  return [
    ...(args.costs === undefined ? [] : ['costs']),
    ...WITHOUT_EFFECT.filter((name) => String(args[name] ?? AXES[name].default) !== AXES[name].default),
  ];
}

/** @throws InputError for flags that would change nothing on the machine that is chosen */
export function checkMachineFlags(
  args: MachineArgs & { costs?: string } & Partial<Record<AxisName, string | number>>,
): void {
  const { machine } = args;
  const isSimulated = machine === simulated.name;
  const given = [
    ...OF_VM.filter((flag) => machine !== 'vm' && args[flag] !== undefined),
    ...OF_LIVE.filter((flag) => isSimulated && args[flag] !== undefined),
    ...(isSimulated ? [] : noEffectLive(args)),
  ];
  if (given.length === 0) return;
  const why =
    (OF_VM as readonly string[]).includes(given[0]!) || isSimulated
      ? 'expected it with --machine vm'
      : 'expected it without';
  throw new InputError(`--${given[0]} has no effect on --machine ${machine}, ${why}`);
}

/** Lets something work with the machine that `--machine` names. @throws HostError where this host cannot have it */
export async function withMachine<T>(
  args: MachineArgs,
  work: (machine: TargetInfo) => Promise<T>,
): Promise<T> {
  if (args.machine === simulated.name) return work(simulated);
  // Loaded by those who want it: most replays do not.
  const [{ withLive }, { liveMachine }] = await Promise.all([
    import('../live/with-live.js'),
    import('../live/info.js'),
  ]);
  const name = args.machine as LiveMachineName;
  return withLive(name, liveOptions(args), (system) => work(liveMachine(system)));
}
