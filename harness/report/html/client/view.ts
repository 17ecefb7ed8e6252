import type { ChartModel } from '../model.js';

/** What charts are drawn with: the data, and what the reader wants to see. */
export interface View {
  readonly model: ChartModel;
  /** Index of what is drawn over time. */
  readonly series: number;
  /** Whether the memory held is shown of who pays, not the stalls. */
  readonly held: boolean;
  /** Whether a policy is shown. */
  shows(policy: number): boolean;
  /** Marks a policy everywhere, or no longer. */
  choose(policy: number): void;
  /** Names of policies. */
  names(policies: readonly number[]): string;
}
