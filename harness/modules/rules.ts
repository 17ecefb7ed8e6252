import type { ParameterValues } from '../base/parameters.js';
import { Border, type ModuleOrigin, shownValue } from '../policy/border/border.js';
import { TimeLimit, within } from '../policy/border/time-limit.js';
import type { HintRules, KsmParameters, MergePolicyInfo, MergeRules } from '../policy/merge/contract.js';
import { ksm } from '../policy/merge/presets.js';
import type { PurgePolicyInfo, PurgeRules } from '../policy/purge/contract.js';
import { rangeLru } from '../policy/purge/range-orders.js';
import type { ModuleMergePolicy, ModulePurgePolicy } from './contract.js';
import { defaultValues } from './entries.js';

/** What a value must be: one of some, or a whole number from one to another. */
type Rule = readonly unknown[] | { readonly min: number; readonly max: number };

const FLAG = [true, false];
const MOST = 2 ** 31 - 1;

function from(min: number, max = MOST): Rule {
  return { min, max };
}

const PURGE: Readonly<Record<keyof PurgeRules, Rule>> = {
  order: ['reclaim', 'lazyfree', 'fifo', 'lru', 'oldest', 'youngest'],
  unit: ['page', 'range'],
  when: ['before', 'with'],
  access: ['sigbus', 'zero'],
  report: ['page', 'range', 'none'],
  shared: FLAG,
  aging: FLAG,
};

const KSM: Readonly<Record<keyof KsmParameters, Rule>> = {
  run: [0, 1, 2],
  pagesToScan: from(0),
  sleepMillisecs: from(0),
  smartScan: FLAG,
  maxPageSharing: from(2),
  useZeroPages: FLAG,
  advisor: ['none', 'scan-time'],
  advisorMaxCpu: from(1, 100),
  advisorMinPagesToScan: from(1),
  advisorMaxPagesToScan: from(1),
  advisorTargetScanTime: from(1),
  chainsPruneMillisecs: from(0),
};

const HINTS: Readonly<Record<keyof HintRules, Rule>> = { capacity: from(0), share: from(0, 100) };

const MERGE: Readonly<Record<Exclude<keyof MergeRules, 'ksm' | 'hints'>, Rule>> = {
  by: ['ksmd', 'instant'],
  ageReset: FLAG,
  skipLookup: FLAG,
};

function isRight(rule: Rule, value: unknown): boolean {
  if ('min' in rule)
    return Number.isSafeInteger(value) && (value as number) >= rule.min && (value as number) <= rule.max;
  return rule.includes(value);
}

function expected(rule: Rule): string {
  return 'min' in rule ? `a whole number from ${rule.min} to ${rule.max}` : `one of ${rule.join(', ')}`;
}

/** @throws the offence for a rule that is not known, or whose value is not one of its own */
function checkRules(border: Border, of: string, rules: unknown, known: Readonly<Record<string, Rule>>): void {
  if (typeof rules !== 'object' || rules === null)
    throw border.offence(`rules returned ${of}${shownValue(rules)}, expected an object of rules`);
  for (const [name, value] of Object.entries(rules)) {
    const rule = known[name];
    if (!rule)
      throw border.offence(`rules returned ${of}${name}, expected of ${Object.keys(known).join(', ')}`);
    if (!isRight(rule, value))
      throw border.offence(`rules returned ${of}${name} ${shownValue(value)}, expected ${expected(rule)}`);
  }
}

/** What `rules` returns, under a time limit: it is called in plans, too. */
function called<T>(border: Border, rules: () => T): T {
  return within(TimeLimit.of([{ module: border.module! }]), () => border.call('rules', rules));
}

/** A purge policy of a module, whose rules are checked; what they do not say is as in `range-lru`. */
export function checkedPurge(info: ModulePurgePolicy, module: ModuleOrigin): PurgePolicyInfo {
  const border = new Border(`purge policy ${info.name}`, module);
  const base = rangeLru.rules(defaultValues(rangeLru.parameters));
  return {
    ...info,
    module,
    rules(values: ParameterValues) {
      const rules = called(border, () => info.rules(Object.freeze({ ...values })));
      checkRules(border, '', rules, PURGE);
      return { ...base, ...rules };
    },
  };
}

/** A merge policy of a module, whose rules are checked; what they do not say is as in `ksm`. */
export function checkedMerge(info: ModuleMergePolicy, module: ModuleOrigin): MergePolicyInfo {
  const border = new Border(`merge policy ${info.name}`, module);
  const base = ksm.rules(defaultValues(ksm.parameters));
  return {
    ...info,
    module,
    rules(values: ParameterValues) {
      const rules: unknown = called(border, () => info.rules(Object.freeze({ ...values })));
      if (typeof rules !== 'object' || rules === null)
        throw border.offence(`rules returned ${shownValue(rules)}, expected an object of rules`);
      const { ksm: parameters = {}, hints, ...rest } = rules as Partial<MergeRules>;
      checkRules(border, '', rest, MERGE);
      checkRules(border, 'ksm.', parameters, KSM);
      if (hints !== undefined) checkRules(border, 'hints.', hints, HINTS);
      return { ...base, ...rest, hints, ksm: { ...base.ksm, ...parameters } };
    },
  };
}
