import { InputError } from '../../../base/errors.js';
import { flag, type Parameters, type ParameterValues } from '../../../base/parameters.js';
import { STEPS } from './decay.js';
import type { Bounds } from './stage.js';

/** When a policy makes its calls. With the defaults, at once. */
export const LATER_PARAMETERS: Parameters = {
  delay: {
    kind: 'duration',
    default: 0,
    meaning: 'how long after its discard memory is given back; pages that are used before are not',
  },
  keep: {
    kind: 'size',
    default: 0,
    min: 0,
    whole: 'what the space has written and not discarded',
    meaning:
      'memory of each space that is discarded and not given back, whatever its age; of more, the oldest goes. N%: of what the space has written and not discarded',
  },
  pace: {
    kind: 'size',
    default: 0,
    min: 0,
    meaning: 'memory of each space that is given back in a second at most, and at once; 0: all that is due',
  },
  curve: {
    kind: 'choice',
    default: 'step',
    choices: ['step', 'sigmoid'],
    meaning:
      'step: all of a range goes at the end of its delay; sigmoid: part by part during it, as jemalloc decays',
  },
  idle: {
    kind: 'choice',
    default: 'timer',
    choices: ['timer', 'stuck'],
    meaning: 'timer: memory goes when its time has come; stuck: not before its space does something',
  },
  muzzy: {
    kind: 'duration',
    default: 0,
    meaning:
      "above 0, two stages as jemalloc's muzzy pages: at the end of the delay MADV_FREE, and the policy's own call this much later",
  },
  rate: {
    kind: 'number',
    default: 0,
    min: 0,
    max: 1000,
    meaning: 'pages that may be given back for 1000 that are discarded (TCMALLOC_RELEASE_RATE); 0: all',
  },
  top: flag(
    0,
    '1: only what is free above the last page in use of its heap (what is mapped without a gap) is given back, and kept; what is below stays until all above is discarded, as glibc trims; 0: any memory',
  ),
};

/** The stages of a policy with these values, each with what holds pages there. */
export function stagesOf(values: ParameterValues): Bounds[] {
  const sigmoid = values.curve === 'sigmoid';
  const stage = (delayUs: number, keep = 0, keepShare = 0, rate = 0, pace = 0): Bounds => ({
    delayUs,
    sigmoid: sigmoid && delayUs > 0,
    keep,
    keepShare,
    rate,
    pace,
  });
  const [keep, keepShare] =
    typeof values.keep === 'string' ? [0, Number.parseFloat(values.keep) / 100] : [values.keep!, 0];
  const first = stage(values.delay as number, keep, keepShare, values.rate as number, values.pace as number);
  const muzzyUs = (values.muzzy ?? 0) as number;
  return muzzyUs > 0 ? [first, stage(muzzyUs)] : [first];
}

/** Whether calls are made at once. */
export function isAtOnce({ delay, keep, muzzy = 0, rate, pace, top }: ParameterValues): boolean {
  return delay === 0 && keep === 0 && muzzy === 0 && rate === 0 && pace === 0 && top === 0;
}

/**
 * @param name of the policy
 * @throws InputError for a value that would have no effect
 */
export function checkLater(name: string, values: ParameterValues): void {
  const { delay, curve, idle, muzzy = 0, rate, top } = values;
  const isTimed = delay !== 0 || muzzy !== 0;
  if (curve === 'sigmoid' && !isTimed)
    throw new InputError(
      `curve=sigmoid has no effect without a delay, expected as in ${name}:delay=10s,curve=sigmoid`,
    );
  if (idle === 'stuck' && !isTimed)
    throw new InputError(
      `idle=stuck has no effect without a delay, expected as in ${name}:delay=10s,idle=stuck`,
    );
  if (top === 1 && rate !== 0)
    throw new InputError(
      `top=1 with rate=${rate}: the rate counts discarded pages wherever they are, expected one of them`,
    );
  const shortest = Math.min(...[delay, muzzy].map(Number).filter((us) => us > 0));
  if (curve === 'sigmoid' && shortest < STEPS)
    throw new InputError(
      `curve=sigmoid has ${STEPS} steps of at least 1us, expected a delay of ${STEPS}us or more`,
    );
}
