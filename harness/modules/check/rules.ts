import type { MergePolicyInfo } from '../../policy/merge/contract.js';
import { mergePolicies } from '../../policy/merge/registry.js';
import type { PurgePolicyInfo } from '../../policy/purge/contract.js';
import { purgePolicies } from '../../policy/purge/registry.js';
import type { Chosen } from '../../policy/registry.js';
import { checkParameters } from './parameters.js';
import { randomTrace, SHORT_LIMIT } from './random-events.js';
import { familyTraces, replayed, sameAgainCheck, Tally, type Under } from './replays.js';
import { type Check, fail } from './result.js';

const RANDOM_TRACES = 6;
const RANDOM_EVENTS = 250;
const EQUAL = { all: true, equal: true } as const;
const VOLATILE = { all: true } as const;

/** The checks of policies that are rules, which both kinds have. @param under a policy of theirs, with what it works on */
function rulesChecks<I extends MergePolicyInfo | PurgePolicyInfo>(
  choose: (text: string) => Chosen<I>,
  under: (text: string) => Under,
  kinds: typeof EQUAL | typeof VOLATILE,
): Check<Chosen<I>>[] {
  return [
    {
      name: 'parameters',
      run: ({ info }) =>
        checkParameters(info.name, info.parameters, choose, ({ info: { rules }, values }) => rules(values)),
    },
    {
      name: 'rules',
      run({ info, values }) {
        const [first, second] = [info.rules(values), info.rules(values)].map((one) => JSON.stringify(one));
        if (first !== second)
          fail('its rules differ from call to call, expected the same for the same values');
        return 'the same rules for the same values, each one that there is';
      },
    },
    {
      name: 'invariants',
      async run({ text }) {
        const tally = new Tally();
        for (let seed = 1; seed <= RANDOM_TRACES; seed++)
          tally.add(
            await replayed(await randomTrace(seed, RANDOM_EVENTS, kinds), {
              ...under(text),
              check: true,
              ...(seed % 2 === 0 ? {} : { limit: SHORT_LIMIT }),
            }),
          );
        return tally.text('random traces, with the invariants of the machine after every event');
      },
    },
    sameAgainCheck(({ text }) => under(text), RANDOM_EVENTS, kinds),
    {
      name: 'families',
      async run({ text }) {
        const tally = new Tally();
        for (const { trace } of await familyTraces()) tally.add(await replayed(trace, under(text)));
        return tally.text('a trace of each family of programs');
      },
    },
  ];
}

/** The checks of a merge policy: what the machine merges is equal, which its invariants say. */
export const MERGE_CHECKS = rulesChecks<MergePolicyInfo>(
  (text) => mergePolicies.choose(text),
  (merge) => ({ merge }),
  EQUAL,
);

/** The checks of a purge policy: what the machine purges is volatile, which its invariants say. */
export const PURGE_CHECKS = rulesChecks<PurgePolicyInfo>(
  (text) => purgePolicies.choose(text),
  (purge) => ({ purge, discard: 'volatile', limit: SHORT_LIMIT }),
  VOLATILE,
);
