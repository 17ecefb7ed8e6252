import type { Parameter, Parameters, ParameterValues } from '../../base/parameters.js';
import type { PurgePolicyInfo, PurgeRules } from './contract.js';
import { access, report, unit } from './parameters.js';

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

/** The parameters that all orders by range have. */
function rangeParameters(defaults: Pick<PurgeRules, 'when' | 'access'>): Parameters {
  return {
    unit: unit('range'),
    when: when(defaults.when),
    access: access(defaults.access),
    report: report('range', ['page', 'range']),
  };
}

/** The rules of an order by range, which shared memory has too. */
function rangeRules(order: PurgeRules['order']): (values: ParameterValues) => PurgeRules {
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

/** vrange: whole ranges, before reclaim looks at any page; marking a range again makes it the newest. */
export const rangeLru: PurgePolicyInfo = {
  name: 'range-lru',
  summary:
    'whole ranges, the one marked longest ago first, before ordinary reclaim; private and shared memory, with and without swap',
  source:
    'Minchan Kim and John Stultz 2013, "Volatile Ranges" v8 to v11 (vrange; shared memory in v8 to v10)',
  parameters: rangeParameters({ when: 'before', access: 'sigbus' }),
  rules: rangeRules('lru'),
};

/** ashmem: a shrinker that purges unpinned ranges in the order in which they were unpinned. */
export const rangeFifo: PurgePolicyInfo = {
  name: 'range-fifo',
  summary:
    'whole ranges in the order in which they were unpinned, in proportion to reclaim, as a shrinker is asked; accesses find zeros; a purged range is left alone until it is pinned',
  source:
    'drivers/staging/android/ashmem.c; the proportion is that of shrink_slab in mm/vmscan.c of Linux 3.x',
  parameters: rangeParameters({ when: 'with', access: 'zero' }),
  rules: rangeRules('fifo'),
};

/** The oldest contents go first: using a range now and then does not save it. */
export const oldFirst: PurgePolicyInfo = {
  name: 'old-first',
  summary:
    'whole ranges, those whose contents were made longest ago first: pinning and unpinning again does not make them younger; hypothetical',
  source: 'hypothetical: range-lru with the age of the contents as its order',
  parameters: rangeParameters({ when: 'before', access: 'sigbus' }),
  rules: rangeRules('oldest'),
};

/** The youngest contents go first: what has been kept for long is not pushed out by what passes through once. */
export const youngFirst: PurgePolicyInfo = {
  name: 'young-first',
  summary:
    'whole ranges, those whose contents were made last first: new arrivals do not push out what has been kept for long (scan-resistant); hypothetical',
  source: 'hypothetical: range-lru with the age of the contents as its order, the other way round',
  parameters: rangeParameters({ when: 'before', access: 'sigbus' }),
  rules: rangeRules('youngest'),
};
