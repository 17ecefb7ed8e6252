import type { Parameter } from '../../input/parameters.js';

/** What an access to purged memory does. */
export const ACCESS: Parameter = {
  kind: 'choice',
  default: 'sigbus',
  choices: ['sigbus', 'zero'],
  meaning:
    'what an access to purged memory finds while it is volatile: SIGBUS, as in the patches of 2013 and 2014, or zeros, as in ashmem',
};
