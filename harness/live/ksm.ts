import { HostError } from '../base/errors.js';
import { Refusal } from '../contract/refusal.js';
import { settingOf } from '../guard/guard.js';
import type { MetricName } from '../metrics/schema.js';
import type { KsmParameters, MergePolicyInfo, MergeRules } from '../policy/merge/contract.js';
import type { Chosen } from '../policy/registry.js';
import type { Counted } from './account.js';
import type { LiveSystem } from './system.js';

const FOLDER = '/sys/kernel/mm/ksm';

/** Metrics that are files there. */
const FILES = [
  'pages_shared',
  'pages_sharing',
  'pages_unshared',
  'pages_volatile',
  'pages_skipped',
  'ksm_zero_pages',
  'pages_scanned',
  'full_scans',
  'stable_node_chains',
  'stable_node_dups',
  'general_profit',
] as const satisfies readonly MetricName[];

/** @throws Refusal for a merge policy that no kernel has */
export function checkMerge({ info, values }: Chosen<MergePolicyInfo>): MergeRules {
  const rules = info.rules(values);
  if (rules.by !== 'ksmd' || rules.ageReset || rules.skipLookup || rules.hints)
    throw new Refusal(`merge policy ${info.name} is in no kernel: expected ksm or none`);
  return rules;
}

/** The files of parameters, in the order in which they can be written. `off` is what a kernel without the file does. */
function filesOf(p: KsmParameters): [name: string, value: string, off?: string][] {
  const advisor: [string, string][] = [
    ['advisor_max_cpu', String(p.advisorMaxCpu)],
    ['advisor_min_pages_to_scan', String(p.advisorMinPagesToScan)],
    ['advisor_max_pages_to_scan', String(p.advisorMaxPagesToScan)],
    ['advisor_target_scan_time', String(p.advisorTargetScanTime)],
  ];
  return [
    ['max_page_sharing', String(p.maxPageSharing)],
    ['use_zero_pages', String(Number(p.useZeroPages))],
    ['smart_scan', String(Number(p.smartScan)), '0'],
    ['sleep_millisecs', String(p.sleepMillisecs)],
    ['stable_node_chains_prune_millisecs', String(p.chainsPruneMillisecs)],
    ['advisor_mode', p.advisor, 'none'],
    // The kernel sets the pages itself where the advisor is on.
    ...(p.advisor === 'none' ? [['pages_to_scan', String(p.pagesToScan)] as [string, string]] : advisor),
  ];
}

/** Same-page merging of a live kernel: ksmd. Its counters are those of the whole system. */
export class LiveKsm {
  private before = new Map<MetricName, number>();
  /** Whether it was ever set: otherwise what it counts is of others. */
  private used = false;
  /** What was written last, by file. */
  private readonly written = new Map<string, string>();

  constructor(
    private readonly system: LiveSystem,
    private readonly rules: MergeRules,
  ) {}

  /**
   * Starts it as the rules say, when no space is there yet.
   *
   * @throws Refusal for what this kernel does not have, or where other programs have merged pages
   */
  begin(): void {
    const { system, rules } = this;
    const { run } = rules.ksm;
    if (run !== 0) {
      this.used = true;
      this.empty();
      for (const [name, value, off] of filesOf(rules.ksm)) this.write(name, value, off);
      this.write('run', String(run));
    }
    this.before = this.look();
    if (run !== 0 && !this.before.has('pages_shared'))
      throw new Refusal(`${system.name}: this kernel has no ksmd`);
  }

  /** Changes a parameter, by the name of its file. */
  set(name: string, value: string): void {
    if (!this.used) this.empty();
    this.used = true;
    this.write(name, value);
  }

  /** What it has done since it began; nothing where it was never on. @throws HostError where another program has set it meanwhile */
  counted(): Counted {
    if (!this.used) return {};
    for (const [name, value] of this.written)
      if (settingOf(this.read(name) ?? value) !== value)
        throw new HostError(`ksm.${name} was changed by another program meanwhile: ksmd is one for all`);
    const now = this.look();
    const counted: Counted = {};
    for (const [name, value] of now) counted[name] = value - (this.before.get(name) ?? 0);
    return counted;
  }

  /** Stops it where it may have been started. Counters do not go on counting what has ended. */
  end(): void {
    if (this.used) for (const run of ['2', '0']) this.write('run', run);
  }

  /**
   * What was merged before is no part of the run, and keeps parameters from being changed. On a host this is also what the guard
   * does first when it restores them.
   */
  private empty(): void {
    const sharing = this.system.alone ? 0 : Number(this.read('pages_sharing') ?? 0);
    if (sharing > 0)
      throw new Refusal(
        `other programs of this host have merged ${sharing} pages, and ksmd is one for all: not possible on --machine ${this.system.name}`,
      );
    this.write('run', '2');
  }

  private look(): Map<MetricName, number> {
    const values = FILES.map((name) => [name, this.read(name)] as const);
    return new Map(values.flatMap(([name, text]) => (text === undefined ? [] : [[name, Number(text)]])));
  }

  private read(name: string): string | undefined {
    return this.system.session.get(`${FOLDER}/${name}`)?.trim();
  }

  private write(name: string, value: string, off?: string): void {
    if (off !== undefined && this.read(name) === undefined) {
      if (value === off) return;
      throw new Refusal(`ksm.${name} is not in this kernel, expected merge policy ksm:${name}=${off}`);
    }
    this.system.change(`${FOLDER}/${name}`, value);
    this.written.set(name, value);
  }
}
