/** Short names: parameters that distinguish nothing are left out. */
import { shortNames } from './figures/names.js';

interface Name {
  readonly base: string;
  readonly parameters: readonly string[];
}

function parts(label: string): Name {
  const colon = label.indexOf(':');
  if (colon < 0) return { base: label, parameters: [] };
  return { base: label.slice(0, colon), parameters: label.slice(colon + 1).split(',') };
}

/** Names of policies without the parameters that all with parameters share, where these are several. */
export function policyNames(names: readonly string[]): (name: string) => string {
  const given = names.map(parts).filter(({ parameters }) => parameters.length > 0);
  if (given.length < 2) return (name) => name;
  const shared = given[0]!.parameters.filter((one) =>
    given.every(({ parameters }) => parameters.includes(one)),
  );
  return (name) => {
    const { base, parameters } = parts(name);
    const own = parameters.filter((parameter) => !shared.includes(parameter));
    return own.length === 0 ? base : `${base}:${own.join(',')}`;
  };
}

/** Names of traces without the parameters that all generated traces of their workload share. */
export function traceNames(labels: readonly string[]): (label: string) => string {
  const names = shortNames(labels);
  return (label) => names.get(label) ?? label;
}

/** What distinguishes traces of one generator: the name of each parameter that varies, and its value for each trace. */
export interface Parameters {
  readonly names: readonly string[];
  /** By label: the value of each, or that it is at its default. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** The parameters that vary among generated traces, after their names where these differ; undefined where nothing varies. */
export function varyingParameters(labels: readonly string[]): Parameters | undefined {
  const named = labels.map(parts);
  const pairs = named.map(
    ({ parameters }) => new Map(parameters.map((one) => one.split('=') as [string, string])),
  );
  const names = [...new Set(pairs.flatMap((own) => [...own.keys()]))].filter(
    (name) => new Set(pairs.map((own) => own.get(name))).size > 1,
  );
  if (names.length === 0) return undefined;
  const several = named.some(({ base }) => base !== named[0]!.base);
  const values = labels.map((label, i): [string, string[]] => {
    const own = names.map((name) => pairs[i]!.get(name) ?? 'default');
    return [label, several ? [named[i]!.base, ...own] : own];
  });
  return { names: several ? ['trace', ...names] : names, values: new Map(values) };
}
