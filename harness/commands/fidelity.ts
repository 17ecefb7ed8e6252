import type { Argv } from 'yargs';
import { EXIT } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { requireLinux } from '../base/platform.js';
import { type CostTable, costsNote, readCosts } from '../cost/table.js';
import { axisOptions } from '../experiment/axes.js';
import { planReplay } from '../experiment/plan.js';
import { findTrace } from '../experiment/trace-names.js';
import { compareTrace } from '../live/fidelity/compare.js';
import { GROUP_VERSIONS, type GroupVersion } from '../live/group.js';
import { liveMachine } from '../live/info.js';
import { LIVE_MACHINES, type LiveMachineName } from '../live/names.js';
import { probe } from '../live/probes.js';
import type { LiveSystem } from '../live/system.js';
import { withLive } from '../live/with-live.js';
import { csvHeader, csvRows } from '../metrics/csv.js';
import { FIDELITY_COLUMNS } from '../metrics/files.js';
import { ResultsFolder } from '../metrics/results.js';
import { addFiles, checkFolder } from '../output/adding.js';
import { FigureData } from '../report/figures/data.js';
import { figureOf, missingFor } from '../report/figures/registry.js';
import { USUAL_FORMATS } from '../report/render/formats.js';
import { compileTrace } from '../trace/compile.js';
import { openTrace, type Trace } from '../trace/trace.js';
import { drawFiles } from './draw.js';
import { drawable } from './drawable.js';
import {
  type ComparedKernel,
  type FidelityFormat,
  fidelityRows,
  fidelityText,
  isOutside,
} from './fidelity-text.js';
import { type Command, outFlag, wholeFlag } from './flags.js';
import { checkMachineFlags, type KernelArgs, kernelFlags, liveOptions } from './live-flags.js';
import { note, print } from './terminal.js';

interface Args extends Pick<KernelArgs, 'timeout' | 'pace' | 'stats'> {
  machine: string;
  kernel?: string;
  cgroup: string;
  traces: string[];
  policies: string[];
  reclaim: string;
  merge: string;
  thp: string;
  controller: string;
  costs?: string;
  limit: string;
  swap: string;
  readahead: string;
  runs: number;
  out?: string;
  format: FidelityFormat;
}

const MAX_RUNS = 100;
const FIGURE = figureOf('fidelity');

/** A flag with values that are separated by commas. */
function listFlag(describe: string, values: string) {
  const more = 'several are separated by commas';
  return { type: 'string' as const, default: values, describe: `${describe}; ${more}`, requiresArg: true };
}

function builder(yargs: Argv): Argv {
  return yargs
    .usage(
      '$0 fidelity <traces..>\n\nReplays traces on the simulated kernel and on a live one, and compares what they count.',
    )
    .positional('traces', { type: 'string', array: true, demandOption: true, describe: 'traces' })
    .options({
      policies: {
        type: 'string',
        array: true,
        default: ['keep', 'dontneed'],
        describe: 'discard policies, after the traces',
        requiresArg: true,
      },
      limit: listFlag(
        'memory limits: SIZE, none, or trace for the limit events and memory cgroups of the trace',
        'none',
      ),
      swap: {
        type: 'string',
        default: 'none',
        describe: 'swap under a limit: none, ssd or zram',
        requiresArg: true,
      },
      reclaim: listFlag('reclaim policies under a limit: linux (two lists), mglru (lru_gen)', 'linux'),
      merge: {
        type: 'string',
        default: 'none',
        describe:
          'merge policy: none or ksm with its parameters; counters are compared where the trace ends settled',
        requiresArg: true,
      },
      thp: listFlag('huge pages of private memory: never, madvise (where the program asks), always', 'never'),
      readahead: {
        type: 'string',
        default: 'off',
        describe: 'what is read ahead of files and swap, on both: off, or kernel with its parameters',
        requiresArg: true,
      },
      controller: {
        type: 'string',
        default: 'none',
        describe:
          'what asks for reclaim before memory is short: none or senpai with its parameters; it goes by the pressure that each kernel has, the simulated one at the prices of --costs',
        requiresArg: true,
      },
      costs: {
        type: 'string',
        describe:
          'cost table (JSON) of the simulated kernel; rows that it lacks are those of the shipped one',
        requiresArg: true,
      },
      runs: { type: 'number', default: 3, describe: 'live runs', requiresArg: true },
      machine: listFlag('vm: a kernel in a virtual machine; host: the kernel of this host', 'vm'),
      ...kernelFlags,
      kernel: {
        type: 'string',
        describe:
          'kernel image of --machine vm (default: the newest in /boot); several are separated by commas, and have a table each',
        requiresArg: true,
      },
      cgroup: listFlag('version of the memory cgroup of --machine vm, v2 or v1, a table each', 'v2'),
      ...outFlag,
      format: {
        choices: ['table', 'json', 'markdown'] as const,
        default: 'table' as const,
        describe: 'output format',
      },
    })
    .epilogue(
      'With --out, fidelity.csv, fidelity.json and a table of each kernel (KERNEL-CGROUP.md) go to a folder, and the figure to its folder figures/.\n\nExit codes: 0 all rows agree, 1 a row is outside its bound, 2 bad input, 3 this host cannot do it.',
    );
}

interface Named {
  readonly label: string;
  readonly trace: Trace;
}

/** A live kernel that is compared with; image and version of groups are those of a virtual machine. */
interface LiveKernelChoice {
  readonly machine: LiveMachineName;
  readonly kernel?: string | undefined;
  readonly cgroup?: GroupVersion;
}

/** What a run of the command compares: the lists of its flags. */
interface Plan {
  readonly kernels: readonly LiveKernelChoice[];
  /** Combinations that differ: without a limit and a controller neither reclaim nor swap matters. */
  readonly settings: readonly ReturnType<typeof planReplay>[];
  readonly costs: CostTable;
}

function groupVersion(text: string): GroupVersion {
  const version = GROUP_VERSIONS.find((known) => known === text);
  if (version === undefined) throw unknownName('version of the memory cgroup', text, GROUP_VERSIONS);
  return version;
}

/** The live machines, in the order in which they were asked for. @throws InputError for a value that a flag does not take */
function kernelsOf({ machine, kernel, cgroup }: Args): LiveKernelChoice[] {
  const images = kernel?.split(',') ?? [undefined];
  const versions = cgroup.split(',').map(groupVersion);
  return machine.split(',').flatMap((name): LiveKernelChoice[] => {
    const known = LIVE_MACHINES.find((live) => live === name);
    if (known === undefined) throw unknownName('live machine', name, LIVE_MACHINES);
    if (known === 'host') return [{ machine: known }];
    return images.flatMap((image) =>
      versions.map((version) => ({ machine: known, kernel: image, cgroup: version })),
    );
  });
}

/** @throws InputError for a value that a flag does not take */
function planOf(args: Args): Plan {
  const { limit, reclaim, merge, controller, swap, thp, readahead, policies } = args;
  const isShort = (pages: string) => pages !== 'none' || controller !== 'none';
  const { costs, fromDefault } = readCosts(args.costs);
  const lacking = costsNote(args.costs ?? '', fromDefault);
  if (lacking !== undefined) note(lacking);
  return {
    kernels: kernelsOf(args),
    costs,
    settings: limit.split(',').flatMap((pages) =>
      (isShort(pages) ? reclaim.split(',') : ['linux']).flatMap((name) =>
        thp.split(',').flatMap((mode) =>
          policies.map((discard) =>
            planReplay({
              limit: pages,
              reclaim: name,
              merge,
              controller,
              discard,
              swap: isShort(pages) ? swap : 'none',
              thp: mode,
              readahead,
            }),
          ),
        ),
      ),
    ),
  };
}

async function compareOn(
  system: LiveSystem,
  traces: readonly Named[],
  { runs }: Args,
  { settings, costs }: Plan,
  { machine, cgroup }: LiveKernelChoice,
): Promise<ComparedKernel> {
  const probes = probe(system);
  const live = { machine: liveMachine(system), probes, stats: system.stats, runs };
  const compared = [];
  for (const named of traces)
    for (const setting of settings) {
      const options = axisOptions(await setting(named.trace, costs));
      compared.push(await compareTrace(named.trace, named.label, options, live, costs));
    }
  return { machine, cgroup: cgroup ?? probes.cgroup, probes, compared };
}

/** The arguments for one kernel. */
function kernelArgs({ timeout, pace, stats }: Args, kernel?: string, cgroup?: GroupVersion): KernelArgs {
  return { timeout, pace, stats, kernel, cgroup };
}

/** Compares on each kernel that was asked for, one after another. */
async function compareAll(traces: readonly Named[], args: Args, plan: Plan): Promise<ComparedKernel[]> {
  const kernels: ComparedKernel[] = [];
  for (const chosen of plan.kernels) {
    const options = liveOptions(kernelArgs(args, chosen.kernel, chosen.cgroup));
    kernels.push(
      await withLive(chosen.machine, options, (system) => compareOn(system, traces, args, plan, chosen)),
    );
  }
  return kernels;
}

async function writeFiles(folder: string, kernels: readonly ComparedKernel[]): Promise<void> {
  const files = new Map([
    ['fidelity.csv', csvHeader(FIDELITY_COLUMNS) + csvRows(FIDELITY_COLUMNS, fidelityRows(kernels))],
    ['fidelity.json', `${fidelityText(kernels, 'json')}\n`],
  ]);
  for (const kernel of kernels)
    files.set(`${kernel.probes.kernel}-${kernel.cgroup}.md`, `${fidelityText([kernel], 'markdown')}\n`);
  await addFiles(folder, files, note);
  const data = new FigureData(ResultsFolder.open(folder));
  const missing = missingFor(FIGURE, data);
  if (missing !== undefined) {
    note(`skipped ${FIGURE.name}: ${missing}`);
    return;
  }
  if (drawable([FIGURE], USUAL_FORMATS).length === 0) return;
  const drawing = {
    folder,
    replaced: {},
    width: 'column',
    formats: USUAL_FORMATS,
    figures: [FIGURE.name],
    report: false,
  } as const;
  await addFiles(folder, (await drawFiles(drawing, 1))!, note);
}

async function handler(args: Args): Promise<void> {
  requireLinux('reclaim fidelity');
  wholeFlag('runs', args.runs, 1, MAX_RUNS);
  // Everything that can be wrong is checked before a trace is read.
  const plan = planOf(args);
  const machine = plan.kernels.find((kernel) => kernel.machine === 'vm')?.machine ?? 'host';
  checkMachineFlags({ ...kernelArgs(args, args.kernel), machine });
  liveOptions(kernelArgs(args));
  const found = args.traces.map((name) => findTrace(name));
  if (args.out !== undefined) await checkFolder(args.out);
  const traces: Named[] = [];
  for (const { path, label, shown } of found)
    traces.push({ label, trace: await openTrace(await compileTrace(path, shown)) });
  const kernels = await compareAll(traces, args, plan);
  if (args.out !== undefined) await writeFiles(args.out, kernels);
  await print(fidelityText(kernels, args.format));
  if (isOutside(kernels)) process.exitCode = EXIT.regression;
}

export const fidelity: Command = { builder, handler };
