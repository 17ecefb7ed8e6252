import type { Parameter } from '../../base/parameters.js';
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

/** What NONVOLATILE reports. */
export function report(value: PurgeRules['report'], choices: readonly PurgeRules['report'][]): Parameter {
  return {
    kind: 'choice',
    default: value,
    choices,
    meaning:
      'what NONVOLATILE reports: a page of its range was purged (page), or one of any range that it touches (range), or nothing (none)',
  };
}
