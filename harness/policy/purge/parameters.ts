import type { Parameter, ParameterValues } from '../../base/parameters.js';
import type { PurgeRules } from './contract.js';

/** What an access to purged memory does. */
export function access(value: PurgeRules['access']): Parameter {
  return {
    kind: 'choice',
    default: value,
    choices: ['sigbus', 'zero'],
    meaning:
      'what an access to purged memory finds while it is volatile: SIGBUS, as in the patches of 2013 and 2014, or zeros, as in ashmem',
  };
}

/** What goes at a time. */
export function unit(value: PurgeRules['unit']): Parameter {
  return {
    kind: 'choice',
    default: value,
    choices: ['page', 'range'],
    meaning: 'what goes at a time: a page, or the whole range that was marked',
  };
}

/** What NONVOLATILE tells. */
export function report(value: PurgeRules['report'], choices: readonly PurgeRules['report'][]): Parameter {
  return {
    kind: 'choice',
    default: value,
    choices,
    meaning:
      'what NONVOLATILE reports: a page of its range was purged (page), or one of any range that it touches (range), or nothing (none)',
  };
}

/** When ranges go. */
function when(value: PurgeRules['when']): Parameter {
  return {
    kind: 'choice',
    default: value,
    choices: ['before', 'with'],
    meaning:
      'before ordinary reclaim looks at any page, or with it in proportion to what it scans, as the kernel asks shrinkers',
  };
}

/** The defaults of a policy that keeps ranges in an order. */
type RangeDefaults = Pick<PurgeRules, 'when' | 'access'>;

/** The parameters that all orders by range have. */
export function rangeParameters(defaults: RangeDefaults): Readonly<Record<string, Parameter>> {
  return {
    unit: unit('range'),
    when: when(defaults.when),
    access: access(defaults.access),
    report: report('range', ['page', 'range']),
  };
}

/** The rules of an order by range, which shared memory has too. */
export function rangeRules(order: PurgeRules['order']): (values: ParameterValues) => PurgeRules {
  return (values) => ({
    order,
    unit: values.unit as PurgeRules['unit'],
    when: values.when as PurgeRules['when'],
    access: values.access as PurgeRules['access'],
    report: values.report as PurgeRules['report'],
    shared: true,
    aging: false,
  });
}
