import type { Parameters, ParameterValues } from '../base/parameters.js';
import type { DiscardPolicyInfo } from '../policy/discard/contract.js';
import type { KsmParameters, MergePolicyInfo, MergeRules } from '../policy/merge/contract.js';
import type { PurgePolicyInfo, PurgeRules } from '../policy/purge/contract.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { RequestKind } from '../trace/readers/reader.js';
import type { WorkloadContext } from '../trace/source.js';

/** What a merge policy of a module says: the rest is as in `ksm` with its defaults. */
export type ModuleMergeRules = Partial<Omit<MergeRules, 'ksm'>> & { readonly ksm?: Partial<KsmParameters> };

/** A merge policy of a module. */
export type ModuleMergePolicy = Omit<MergePolicyInfo, 'rules' | 'module'> & {
  /** Its rules under the values of its parameters. */
  rules(values: ParameterValues): ModuleMergeRules;
};

/** A purge policy of a module. What its rules do not say is as in `range-lru`. */
export type ModulePurgePolicy = Omit<PurgePolicyInfo, 'rules' | 'module'> & {
  /** Its rules under the values of its parameters. */
  rules(values: ParameterValues): Partial<PurgeRules>;
};

/** What workloads and readers of a module say of themselves. */
interface ModuleEntry {
  /** Lower case letters, digits and hyphens. */
  readonly name: string;
  /** One line: what it is. */
  readonly summary: string;
  /** Where it comes from. */
  readonly source: string;
  readonly parameters: Parameters;
}

/** A workload of a module: a generator of a synthetic trace. */
export interface ModuleWorkload extends ModuleEntry {
  /**
   * Yields the events of the trace in order, each a line of the text form (traces/README.md), as in `0,spawn,1,,,`. The same
   * values and seed must yield the same lines.
   */
  generate(context: WorkloadContext): Iterable<string>;
}

/** A line that has nothing for the trace, with the reason it is counted under, in the plural. */
export interface LeftOut {
  readonly leave: string;
}

/** One request, of a reader of requests. */
export interface ModuleRequest {
  /** The object, block or address: a whole number below 2^64, or a text, which is hashed. */
  readonly id: number | bigint | string;
  /** Bytes; absent or 0 where the format has no sizes. */
  readonly size?: number;
  readonly write?: boolean;
  /** Whole µs from any origin. */
  readonly timeUs?: number;
}

/**
 * What a reader makes of a line: what it yields, several of it, a line that is left out and why, or undefined for one that only
 * completes others.
 */
export type LineResult<T> = T | readonly T[] | LeftOut | undefined;

/** Reads the lines of one file. */
export interface LineReader<T> {
  /**
   * @param text of the line, without its end
   * @param number of the line, from 1
   * @throws Error for a line that is wrong, saying what was expected: it is reported with the line's place
   */
  line(text: string, number: number): LineResult<T>;
  /** What is left when all lines have been read. */
  end?(): readonly T[];
}

/** What readers of a module say of themselves. */
interface ModuleReaderEntry extends ModuleEntry {
  /** Endings of file names, with their dot. Default: none. */
  readonly extensions?: readonly string[];
  /** A small file of the format: `reclaim policies --check` reads it. */
  readonly example?: string;
  /** Whether a file is of this format, by its first bytes. Without it, the reader is used only where `--reader` names it. */
  detect?(head: string): boolean;
}

/** A reader of a module whose lines become events: lines of the text form of traces. */
export interface ModuleEventReader extends ModuleReaderEntry {
  readonly yields: 'events';
  /** Metadata of the trace, as in `{ touches: 'first-access' }`. */
  readonly meta?: Readonly<Record<string, string>>;
  /** Begins to read a file, under the values of its parameters. */
  create(context: { readonly values: ParameterValues }): LineReader<string>;
}

/** A reader of a module whose lines become requests. */
export interface ModuleRequestReader extends ModuleReaderEntry {
  readonly yields: 'requests';
  readonly kind: RequestKind;
  /** Bytes that a unit of an id stands for. Default: 1 for addresses, 512 for the others. */
  readonly idBytes?: number;
  /** Whether requests have times. Default: no. */
  readonly timed?: boolean;
  /** Begins to read a file, under the values of its parameters. */
  create(context: { readonly values: ParameterValues }): LineReader<ModuleRequest>;
}

/** A reader of a module. */
export type ModuleReader = ModuleEventReader | ModuleRequestReader;

/** What a module given with `--policy-module` exports: arrays by kind, at least one of them. */
export interface PolicyModule {
  readonly discard?: readonly DiscardPolicyInfo[];
  readonly reclaim?: readonly ReclaimPolicyInfo[];
  readonly merge?: readonly ModuleMergePolicy[];
  readonly purge?: readonly ModulePurgePolicy[];
  readonly workloads?: readonly ModuleWorkload[];
  readonly readers?: readonly ModuleReader[];
}
