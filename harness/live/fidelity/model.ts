import type { TargetInfo } from '../../contract/target.js';
import { type SimulatedMachine, simulated } from '../../machine/target.js';
import { KHUGEPAGED_SLEEPS_MS } from '../huge.js';
import { modelOf, type Probes, UNKNOWN } from '../probes.js';
import { AS_ASKED, type Statistics } from '../system.js';
import { visiblePages } from './snapshot.js';

/** What a replay on the model has seen that its metrics do not tell. */
export interface Seen {
  /** Faults within calls (populate, mlock): no live kernel counts them for the process. */
  callFaults: number;
  /** Whether the trace has files. */
  files: boolean;
}

/** Settings of the model for those of a live kernel, and for all that counts in its limit. */
function settingsOf(probes: Probes, stats: Statistics): (readonly [name: string, value: string])[] {
  const settings = [
    ['kernel.version', modelOf(probes.kernel)],
    ['memcg.charge_page_tables', '1'],
    ['memcg.stats', stats],
    // Text of the executor is locked in memory, and on no list that reclaim looks at.
    ['memcg.own_file_pages', '0'],
    ['mm.shared_zero_page', probes.zero_page ? '1' : '0'],
    // What a run sets itself is that of the setup.
    ...(probes.read_ahead_kb === AS_ASKED ? [] : [['read_ahead_kb', probes.read_ahead_kb] as const]),
    ['vm.max_map_count', probes.max_map_count],
    ['vm.swappiness', probes.swappiness],
  ] as const;
  return settings.filter(([, value]) => value !== UNKNOWN);
}

/** Calls that may fault pages in. */
const FAULTING = ['map', 'remap', 'lock', 'lockAll', 'madvise', 'processMadvise', 'dmaPin'] as const;

function countCallFaults(target: SimulatedMachine, seen: Seen): void {
  const { counters } = target.machine;
  for (const name of FAULTING) {
    const call = target[name].bind(target) as (...args: unknown[]) => void;
    const counted = (...args: unknown[]) => {
      const before = counters.pgfault;
      call(...args);
      seen.callFaults += counters.pgfault - before;
    };
    Object.assign(target, { [name]: counted });
  }
}

/** The simulated kernel as the model of a live one. @param seen hears of a replay */
export function modelFor(probes: Probes, stats: Statistics, seen: Seen): TargetInfo<SimulatedMachine> {
  return {
    ...simulated,
    create: async (setup) => {
      const target = await simulated.create(setup);
      for (const [name, value] of settingsOf(probes, stats)) target.set(name, value);
      if (setup.thp !== 'never') {
        target.set('khugepaged.scan_sleep_millisecs', String(KHUGEPAGED_SLEEPS_MS));
        // It looks around once, when there is no space yet.
        target.runDue();
      }
      Object.defineProperty(target, 'chargedPages', { get: () => target.machine.frames.inUse });
      countCallFaults(target, seen);
      const count = target.counters.bind(target);
      target.counters = () => ({ ...count(), resident_pages_end: visiblePages(target.machine) });
      const declare = target.object.bind(target);
      target.object = (size, arg) => {
        seen.files ||= arg.kind === 'file';
        declare(size, arg);
      };
      return target;
    },
  };
}
