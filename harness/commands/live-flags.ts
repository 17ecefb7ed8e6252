import { InputError } from '../base/errors.js';
import { requireLinux } from '../base/platform.js';
import type { TargetInfo } from '../contract/target.js';
import { chooseLive, LIVE_DEFAULTS, type LiveChoice } from '../live/choice.js';
import { GROUP_VERSIONS, type GroupVersion } from '../live/group.js';
import { LIVE_MACHINES, type LiveMachineName } from '../live/names.js';
import { PACES, type Pace, STATISTICS, type Statistics } from '../live/system.js';
import type { LiveOptions } from '../live/with-live.js';
import { simulated } from '../machine/target.js';
import { AXES, type AxisName } from '../metrics/axes.js';
import { usableCacheFolder } from '../trace/io/cache.js';
import { note } from './terminal.js';

const MAX_TIMEOUT_S = 86_400;
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
    describe: `seconds that a live machine may take for 65536 events (default: ${LIVE_DEFAULTS.timeoutS})`,
    requiresArg: true,
  },
  cgroup: {
    choices: GROUP_VERSIONS,
    describe: `version of the memory cgroup of --machine vm (default: ${LIVE_DEFAULTS.cgroup})`,
    requiresArg: true,
  },
  pace: {
    choices: PACES,
    describe: `on a live machine, trace: no event before its time; asap: as fast as it goes (default: ${LIVE_DEFAULTS.pace})`,
    requiresArg: true,
  },
  stats: {
    choices: STATISTICS,
    describe: `statistics by which a live kernel decides what to reclaim, kernel: as old as it leaves them; fresh: read every 16 touches (default: ${LIVE_DEFAULTS.stats})`,
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
function timeoutS({ timeout = LIVE_DEFAULTS.timeoutS }: KernelArgs): number {
  if (timeout > 0 && timeout <= MAX_TIMEOUT_S) return timeout;
  throw new InputError(`--timeout is not a number of seconds above 0 and up to ${MAX_TIMEOUT_S}`);
}

/** How live machines are set, from the arguments of a command. @throws InputError for a value that a flag does not take */
function choiceOf(args: KernelArgs): LiveChoice {
  return {
    cgroup: args.cgroup ?? LIVE_DEFAULTS.cgroup,
    pace: args.pace ?? LIVE_DEFAULTS.pace,
    stats: args.stats ?? LIVE_DEFAULTS.stats,
    kernel: args.kernel,
    timeoutS: timeoutS(args),
  };
}

/** What `withLive` needs, from the arguments of a command. @throws InputError for a value that a flag does not take */
export function liveOptions(args: KernelArgs): LiveOptions {
  return { ...choiceOf(args), cache: usableCacheFolder(), told: note };
}

/** Axes whose values change nothing on a live machine. */
const WITHOUT_EFFECT = ['purge', 'seed', 'cpus'] as const satisfies readonly AxisName[];

/** Flags that are given and change nothing on a live machine. */
function noEffectLive(args: { costs?: string } & Partial<Record<AxisName, string | number>>): string[] {
  return [
    ...(args.costs === undefined ? [] : ['costs']),
    ...WITHOUT_EFFECT.filter((name) => String(args[name] ?? AXES[name].default) !== AXES[name].default),
  ];
}

/**
 * Checks the flags of live machines, and lets these be set so from now on.
 *
 * @throws InputError for flags that would change nothing on the machine that is chosen; HostError where this host cannot have it
 */
export function checkMachineFlags(
  args: MachineArgs & { costs?: string } & Partial<Record<AxisName, string | number>>,
): void {
  const { machine } = args;
  const isSimulated = machine === simulated.name;
  if (!isSimulated) requireLinux(`--machine ${machine}`);
  const given = [
    ...OF_VM.filter((flag) => machine !== 'vm' && args[flag] !== undefined),
    ...OF_LIVE.filter((flag) => isSimulated && args[flag] !== undefined),
    ...(isSimulated ? [] : noEffectLive(args)),
  ];
  if (given.length === 0) {
    chooseLive(choiceOf(args));
    return;
  }
  const why =
    (OF_VM as readonly string[]).includes(given[0]!) || isSimulated
      ? 'expected it with --machine vm'
      : 'expected it without';
  throw new InputError(`--${given[0]} has no effect on --machine ${machine}, ${why}`);
}

/**
 * Checks the flags of live machines of an experiment, and lets these be set so from now on.
 *
 * @param machines the machines that it runs on
 * @throws InputError for flags that would change nothing; HostError where this host cannot have the machines
 */
export function checkLiveFlags(args: KernelArgs, machines: readonly string[]): void {
  const isVm = machines.includes('vm');
  const live = machines.find((machine) => machine !== simulated.name);
  const isLive = live !== undefined;
  if (isLive) requireLinux(`machine: ${live}`);
  const given = [
    ...OF_VM.filter((flag) => !isVm && args[flag] !== undefined),
    ...OF_LIVE.filter((flag) => !isLive && args[flag] !== undefined),
  ];
  if (given.length > 0)
    throw new InputError(
      `--${given[0]} has no effect on this experiment, expected it with "machine: vm" in its file`,
    );
  chooseLive(choiceOf(args));
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
