import Table from 'cli-table3';
import type { Argv } from 'yargs';
import { EXIT } from '../base/errors.js';
import { loadCosts } from '../cost/table.js';
import { findTrace } from '../experiment/trace-names.js';
import { type Comparison, compareTrace, type FidelityRow } from '../live/fidelity/compare.js';
import { liveMachine } from '../live/info.js';
import { LIVE_MACHINES, type LiveMachineName } from '../live/names.js';
import { type Probes, probe } from '../live/probes.js';
import { withLive } from '../live/with-live.js';
import { cellText } from '../metrics/csv.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { compileTrace } from '../trace/compile.js';
import { openTrace, type Trace } from '../trace/trace.js';
import { type Command, wholeFlag } from './flags.js';
import { checkMachineFlags, type KernelArgs, kernelFlags, liveOptions } from './live-flags.js';
import { print } from './terminal.js';

interface Args extends KernelArgs {
  machine: LiveMachineName;
  traces: string[];
  policies: string[];
  runs: number;
  format: 'table' | 'json' | 'markdown';
}

const COLUMNS = [
  'trace',
  'discard',
  'metric',
  'simulated',
  'live_min',
  'live_max',
  'difference',
  'bound',
  'verdict',
  'reason',
] as const satisfies readonly (keyof FidelityRow)[];

const MAX_RUNS = 100;

function builder(yargs: Argv): Argv {
  return yargs
    .usage(
      '$0 fidelity <traces..>\n\nReplays traces without a limit on the simulated kernel and on a live one, and compares what they count.',
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
      runs: { type: 'number', default: 3, describe: 'live runs', requiresArg: true },
      machine: {
        choices: LIVE_MACHINES,
        default: 'vm',
        describe: 'vm: a kernel in a virtual machine; host: the kernel of this host',
      },
      ...kernelFlags,
      format: {
        choices: ['table', 'json', 'markdown'] as const,
        default: 'table' as const,
        describe: 'output format',
      },
    })
    .epilogue(
      'Exit codes: 0 all rows agree, 1 a row is outside its bound, 2 bad input, 3 this host cannot do it.',
    );
}

function cells(row: FidelityRow): string[] {
  return COLUMNS.map((column) => cellText(row[column]));
}

function markdownRow(values: readonly string[]): string {
  return `| ${values.map((value) => value.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** The probes, the rows and what differs, as text. */
export function fidelityText(
  probes: Probes,
  compared: readonly Comparison[],
  format: Args['format'],
): string {
  const rows = compared.flatMap((each) => each.rows);
  const differences = compared.flatMap((each) => each.differences);
  if (format === 'json') return JSON.stringify({ probes, rows, differences }, null, 2);
  const facts = Object.entries(probes).map(([name, value]) => `${name}: ${value}`);
  if (format === 'markdown') {
    const head = [markdownRow(COLUMNS), markdownRow(COLUMNS.map(() => '---'))];
    const list = [...facts, ...differences].map((line) => `- ${line}`);
    return [...head, ...rows.map((row) => markdownRow(cells(row))), '', ...list].join('\n');
  }
  const table = new Table({
    head: [...COLUMNS],
    colAligns: COLUMNS.map((column) =>
      /simulated|live|difference/.test(column) ? ('right' as const) : ('left' as const),
    ),
    ...PLAIN_TABLE,
  });
  for (const row of rows) table.push(cells(row));
  const outside = rows.filter(({ verdict }) => verdict === 'outside').length;
  const sum = `${rows.length} rows, ${outside} outside their bound`;
  return [facts.join('\n'), table.toString(), ...differences, sum].join('\n');
}

async function handler(args: Args): Promise<void> {
  const policies = args.policies.map((text) => discardPolicies.choose(text).text);
  const runs = wholeFlag('runs', args.runs, 1, MAX_RUNS);
  checkMachineFlags(args);
  const options = liveOptions(args);
  const found = args.traces.map((name) => findTrace(name));
  const costs = loadCosts();
  const traces: { readonly label: string; readonly trace: Trace }[] = [];
  for (const { path, label, shown } of found)
    traces.push({ label, trace: await openTrace(await compileTrace(path, shown)) });
  await withLive(args.machine, options, async (system) => {
    const probes = probe(system.session, args.machine);
    const { kernel, zero_page: zeroPage } = probes;
    const live = { machine: liveMachine(system), kernel, zeroPage, runs };
    const compared: Comparison[] = [];
    for (const { label, trace } of traces)
      for (const discard of policies) compared.push(await compareTrace(trace, label, discard, live, costs));
    await print(fidelityText(probes, compared, args.format));
    if (compared.some(({ rows }) => rows.some(({ verdict }) => verdict === 'outside')))
      process.exitCode = EXIT.regression;
  });
}

export const fidelity: Command = { builder, handler };
