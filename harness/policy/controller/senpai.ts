import { InputError } from '../../base/errors.js';
import { itemsOf, type ParameterValues } from '../../base/parameters.js';
import type { Controller, ControllerInfo, GroupState } from './contract.js';

const PERCENT = 100;
const LEAST_INTERVAL_US = 1000;

/** Takes a part of a group's memory at each turn, the less the nearer its pressure is to the target. */
class Senpai implements Controller {
  readonly groups: readonly string[];
  readonly intervalUs: number;
  private readonly target: number;
  private readonly probe: number;
  private readonly min: number;

  constructor({ groups, interval, pressure, probe, min }: ParameterValues, sample: number) {
    const named = itemsOf(groups);
    this.groups = named.length === 0 ? [''] : named;
    this.intervalUs = interval as number;
    this.target = (pressure as number) / PERCENT;
    this.probe = (probe as number) / PERCENT;
    this.min = Math.round((min as number) / sample);
  }

  wanted({ usage, stalledUs }: GroupState): number {
    const spare = 1 - stalledUs / this.intervalUs / this.target;
    return Math.max(0, Math.min(Math.floor(usage * this.probe * spare), usage - this.min));
  }
}

export const senpai: ControllerInfo = {
  name: 'senpai',
  summary:
    'every interval, memory.reclaim of probe % of a group, the less the nearer its pressure is to the target, and none beyond',
  source:
    'Weiner et al., "TMO: Transparent Memory Offloading in Datacenters", ASPLOS 2022, section 3.3: reclaim_mem = current_mem * reclaim_ratio * max(0, 1 - PSI_some / PSI_threshold), with its values; github.com/facebookincubator/senpai, which lowers memory.high instead',
  parameters: {
    interval: {
      kind: 'duration',
      default: 6_000_000,
      meaning: 'trace time between two turns; the default of both',
    },
    pressure: {
      kind: 'number',
      default: 0.1,
      min: 0.000001,
      max: 100,
      meaning: 'some pressure of the interval, in percent, at which nothing is asked for (PSI_threshold)',
    },
    probe: {
      kind: 'number',
      default: 0.05,
      min: 0.000001,
      max: 100,
      meaning: 'part of the memory, in percent, that is asked for without pressure (reclaim_ratio)',
    },
    min: {
      kind: 'size',
      default: 0,
      min: 0,
      meaning: 'the memory that a group keeps in any case; 0, the default: none (--min-size of senpai.py)',
    },
    groups: {
      kind: 'list',
      default: '',
      item: /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/,
      example: 'web+batch/low',
      required: false,
      meaning: 'the memory cgroups that it looks after; none, the default: all memory of the trace',
    },
  },
  check({ interval }) {
    if ((interval as number) < LEAST_INTERVAL_US)
      throw new InputError('interval of controller senpai is too short, expected at least 1ms');
  },
  create: (values, sample) => new Senpai(values, sample),
};
