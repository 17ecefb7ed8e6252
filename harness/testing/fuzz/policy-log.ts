import type { AgingTables, ReclaimPolicy, ReclaimPolicyInfo } from '../../policy/reclaim/contract.js';
import type { Chosen } from '../../policy/registry.js';
import type { Page } from '../naive/page.js';
import type { Chooser } from '../naive/state.js';
import { Disagreement } from './compare.js';

/** What the machine told a policy, or was told by it. */
type Entry =
  | { readonly kind: 'insert'; readonly id: number }
  | { readonly kind: 'split'; readonly head: number; readonly tails: readonly number[] }
  | {
      readonly kind: 'evict';
      readonly ids: readonly number[];
      readonly stay: readonly number[];
      readonly scanned: number;
    };

/**
 * A reclaim policy whose choices are written down, so that the naive model can follow them: then all policies can be
 * compared exactly, whatever they choose.
 */
export class PolicyLog implements Chooser {
  private readonly entries: Entry[] = [];
  private readonly pageOf = new Map<number, Page>();
  /** Whether the policy is told that a huge page was split, or of its parts as of pages that come. */
  private splits = false;
  /** Written pages that a search has met. */
  private stay: number[] = [];

  /** The policy, writing this log. */
  wrap({ text, info, values }: Chosen<ReclaimPolicyInfo>): Chosen<ReclaimPolicyInfo> {
    const create: ReclaimPolicyInfo['create'] = (pages, context) => {
      if (pages.tables) this.listen(pages.tables);
      return this.logged(info.create(pages, context));
    };
    return { text, info: { ...info, create }, values };
  }

  /** Notes the pages that turn out to stay. */
  private listen(tables: AgingTables): void {
    const staysWritten = tables.staysWritten.bind(tables);
    tables.staysWritten = (id) => {
      const stays = staysWritten(id);
      if (stays) this.stay.push(id);
      return stays;
    };
  }

  private logged(policy: ReclaimPolicy): ReclaimPolicy {
    const { entries } = this;
    this.splits = policy.splitFolio !== undefined;
    /** Methods by their names, each bound once. */
    const methods = new Map<keyof ReclaimPolicy, unknown>([
      [
        'insert',
        (id: number) => {
          entries.push({ kind: 'insert', id });
          policy.insert(id);
        },
      ],
      [
        'splitFolio',
        (head: number, tails: readonly number[], size: number) => {
          entries.push({ kind: 'split', head, tails });
          policy.splitFolio!(head, tails, size);
        },
      ],
      [
        'evict',
        (victims: Int32Array, wanted: number) => {
          this.stay = [];
          const before = policy.counters.pgscan!;
          const found = policy.evict(victims, wanted);
          const scanned = policy.counters.pgscan! - before;
          const ids = [...victims.subarray(0, found)];
          entries.push({ kind: 'evict', ids, stay: this.stay, scanned });
          return found;
        },
      ],
    ]);
    return new Proxy(policy, {
      get: (target, name: keyof ReclaimPolicy) => {
        const value = target[name];
        if (typeof value !== 'function') return value;
        if (!methods.has(name)) methods.set(name, (value as (...args: unknown[]) => unknown).bind(target));
        return methods.get(name);
      },
    });
  }

  private next<K extends Entry['kind']>(kind: K): Extract<Entry, { kind: K }> {
    const entry = this.entries.shift();
    if (entry?.kind !== kind)
      throw new Disagreement(`the policy sees ${entry?.kind ?? 'nothing'}, expected ${kind}`);
    return entry as Extract<Entry, { kind: K }>;
  }

  /** @throws Disagreement when the machine has asked more of its policy than the model */
  mustBeUsedUp(): void {
    const [entry] = this.entries;
    if (entry) throw new Disagreement(`the policy sees ${entry.kind}, expected no more`);
  }

  evict(): { victims: readonly Page[]; stay: readonly Page[]; scanned: number } {
    const { ids, stay, scanned } = this.next('evict');
    const pagesOf = (of: readonly number[]) => of.map((id) => this.pageOf.get(id)!);
    return { victims: pagesOf(ids), stay: pagesOf(stay), scanned };
  }

  insert(page: Page): void {
    this.pageOf.set(this.next('insert').id, page);
  }

  split(head: Page, tails: readonly Page[]): void {
    if (!this.splits) {
      for (const tail of tails) this.insert(tail);
      return;
    }
    const entry = this.next('split');
    if (this.pageOf.get(entry.head) !== head || entry.tails.length !== tails.length)
      throw new Disagreement(
        `the policy sees ${entry.tails.length} parts split, expected ${tails.length} of another page`,
      );
    entry.tails.forEach((id, i) => {
      this.pageOf.set(id, tails[i]!);
    });
  }

  // These change what the policy chooses next, which the log has.
  reject(): void {}
  remove(): void {}
  demote(): void {}
  rotate(): void {}
}
