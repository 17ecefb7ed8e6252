import { HostError } from '../base/errors.js';
import { Refusal } from '../contract/refusal.js';
import type { ThpMode } from '../contract/target.js';
import { settingOf } from '../guard/guard.js';
import { LIVE_OP } from './protocol.js';
import type { LiveSystem } from './system.js';

const FOLDER = '/sys/kernel/mm/transparent_hugepage';
/**
 * How long khugepaged sleeps unless the trace says so, in ms: for good. When its next scan is due depends on when the one before was, and what it
 * finds on how far the trace is then.
 */
export const KHUGEPAGED_SLEEPS_MS = 2 ** 31 - 1;
/** Defaults of the model. Those of a kernel with less than 512 MiB of memory are others (hugepage_init in mm/huge_memory.c). */
const AS_MODELLED = [
  ['khugepaged.scan_sleep_millisecs', String(KHUGEPAGED_SLEEPS_MS)],
  ['khugepaged.defrag', '1'],
  ['thp.use_zero_page', '1'],
  ['thp.defrag', 'madvise'],
] as const;
/** What khugepaged needs to look at the executor, which is all that there is before a run. */
const LOOK_US = 20_000;

/** The file of a setting of huge pages; undefined for other settings. */
function fileOf(name: string): string | undefined {
  if (name.startsWith('khugepaged.')) return name.replace('.', '/');
  return name.startsWith('thp.') ? name.slice('thp.'.length) : undefined;
}

/** Huge pages of a live kernel: its settings for a run, which are as before after it. */
export class LiveHuge {
  /** Values of before, by path, in the order in which they were changed. */
  private readonly before = new Map<string, string>();

  constructor(
    private readonly system: LiveSystem,
    private readonly mode: ThpMode,
  ) {}

  /**
   * Lets spaces that begin from now on have huge pages, unless there are to be none.
   *
   * @throws Refusal where the kernel has none, HostError where its settings cannot be changed
   */
  begin(): void {
    if (this.mode === 'never') return;
    for (const [name, value] of [...AS_MODELLED, ['thp.enabled', this.mode] as const])
      this.write(name, value);
    const { session } = this.system;
    const { error } = session.call(LIVE_OP.huge, { a: 1 });
    if (error !== 0) throw new HostError(`the executor cannot have huge pages (${error})`);
    session.call(LIVE_OP.rest, { a: LOOK_US });
  }

  /** Changes a setting. Returns false for one that is of something else. @throws Refusal where the run has no huge pages, or the kernel not the setting */
  set(name: string, value: string): boolean {
    if (fileOf(name) === undefined) return false;
    if (this.mode === 'never')
      throw new Refusal(
        `the setting ${name}: spaces of this run have no huge pages on a live machine, expected thp madvise or always`,
        true,
      );
    this.write(name, value);
    return true;
  }

  /** Settings are as before. */
  end(): void {
    if (this.mode === 'never') return;
    this.system.session.call(LIVE_OP.huge, { a: 0 });
    for (const [path, value] of [...this.before].reverse()) this.system.change(path, value);
  }

  private write(name: string, value: string): void {
    const path = `${FOLDER}/${fileOf(name)}`;
    const text = this.system.session.get(path);
    if (text === undefined) throw new Refusal(`the setting ${name} is not in this kernel`, true);
    if (!this.before.has(path)) this.before.set(path, settingOf(text));
    this.system.change(path, value);
  }
}
