import { AXES, AXIS_NAMES, BASE_VALUES } from '../metrics/axes.js';
import { DEFAULT_DRAWS } from '../metrics/draws.js';
import type { Manifest } from '../metrics/manifest.js';
import type { CellRow, Identity } from './read/runs.js';

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function commandLine(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

/** The flags of a cell; none where the default of `reclaim replay` does the same. */
function flagsOf(identity: Identity): string[] {
  return AXIS_NAMES.flatMap((name) => {
    const text = identity[AXES[name].column];
    if (text === AXES[name].default) return [];
    // What results call a live machine ends with its kernel.
    return [`--${name}`, name === 'machine' ? text.replace(/^(vm|host):.*/, '$1') : text];
  });
}

/** The flags that load modules: policies, and what generates traces, may be of them. */
function modulesOf({ policy_modules: files }: Manifest): string[] {
  return files.flatMap((file) => ['--policy-module', file]);
}

/** The command that generates a trace, if one does, and what `reclaim replay` finds it by. */
function traceOf(
  { trace: label, replicate }: Identity,
  manifest: Manifest,
): { before: string[]; trace: string } {
  const known = manifest.traces.find(({ trace }) => trace === label);
  const source = known?.source ?? label;
  if (typeof source === 'string') return { before: [], trace: source };
  const { workload, params } = source;
  const own = known?.replicates?.find((one) => String(one.replicate) === replicate);
  const seed = own?.seed ?? source.seed;
  const trace = `${workload}.rtrace`;
  const given = Object.entries(params).flatMap(([key, value]) => ['--param', `${key}=${value}`]);
  const words = ['reclaim', 'trace', 'generate', workload, trace, ...given, '--seed', String(seed)];
  words.push(...modulesOf(manifest));
  return { before: [commandLine(words)], trace };
}

/**
 * The commands that replay a cell, for a shell. Savings are against another cell, so where they are wanted that one is
 * replayed too.
 *
 * @param withBase whether the base of its savings is to be replayed as well
 */
export function reproduceCommands(row: CellRow, manifest: Manifest, withBase: boolean): string[] {
  const { before, trace } = traceOf(row.identity, manifest);
  const setup = [
    ...(manifest.costs.file === undefined ? [] : ['--costs', manifest.costs.file]),
    ...(manifest.draws === DEFAULT_DRAWS ? [] : ['--draws', String(manifest.draws)]),
    ...modulesOf(manifest),
  ];
  const replay = (identity: Identity) =>
    commandLine(['reclaim', 'replay', trace, ...flagsOf(identity), ...setup]);
  const base = { ...row.identity, ...BASE_VALUES };
  return [...before, replay(row.identity), ...(withBase ? [replay(base)] : [])];
}
