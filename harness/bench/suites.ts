import type { Suite } from './case.js';
import type { BenchInputs } from './inputs.js';
import { machineSuite, textSuite } from './machine.js';
import { pathSuite } from './path.js';
import { type Peers, peerSuite } from './peers/suite.js';
import { policySuite } from './policies.js';
import { sharedProcessSuite } from './shared-process.js';
import { twinSuite, wasmSuite } from './twins.js';

/** All suites, in the order they run. */
export function benchSuites(inputs: BenchInputs, peers: Peers): Suite[] {
  return [
    textSuite(inputs),
    machineSuite(inputs),
    policySuite(inputs),
    sharedProcessSuite(inputs),
    twinSuite(inputs),
    wasmSuite(inputs),
    pathSuite(inputs),
    peerSuite(inputs, peers),
  ];
}

/** Suites with only the cases whose names contain a text; those without any are left out. */
export function filterCases(suites: readonly Suite[], filter: string): Suite[] {
  return suites
    .map((suite) => ({ ...suite, cases: suite.cases.filter(({ name }) => name.includes(filter)) }))
    .filter(({ cases }) => cases.length > 0);
}

/** The name of the case that rows of perf.csv with a name are of: without the side, where a case has two. */
export function caseOf(perfName: string, suites: readonly Suite[]): string {
  const suite = suites.find(({ name }) => perfName.startsWith(`${name}/`));
  return suite?.versus ? perfName.slice(0, perfName.lastIndexOf('/')) : perfName;
}
