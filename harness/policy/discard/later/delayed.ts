import type { Parameters } from '../../../base/parameters.js';
import type { DiscardPolicyInfo } from '../contract.js';
import { droppingOnly } from '../dropping.js';
import { Later } from './later.js';
import { checkLater, isAtOnce, LATER_PARAMETERS } from './parameters.js';

interface DelayedOptions {
  /** Whether the policy makes its calls at unpin, too, whatever its parameters say. */
  readonly eager?: true;
  /** Whether its own call is one that could follow MADV_FREE. */
  readonly muzzy?: false;
}

/** A policy that makes calls with the parameters that say when: with their defaults, it is as it was. */
export function delayed(base: DiscardPolicyInfo, { eager, muzzy }: DelayedOptions = {}): DiscardPolicyInfo {
  const { muzzy: stage, ...others } = LATER_PARAMETERS;
  const parameters: Parameters = {
    ...base.parameters,
    ...others,
    ...((muzzy ?? true) ? { muzzy: stage! } : {}),
  };
  return {
    ...base,
    parameters,
    ...(base.withoutUnpins && { withoutUnpins: droppingOnly(base.name, parameters) }),
    check: (values) => checkLater(base.name, values),
    create: (context) => {
      const { kernel, program, clock, values } = context;
      if (isAtOnce(values)) return base.create(context);
      // Named one by one, contexts have one shape: an object that is spread into another makes one of its own each time.
      const inner = base.create({ kernel, program, clock, values: { ...values, eager: 0 } });
      return new Later(inner, context, eager ?? values.eager === 1);
    },
  };
}
