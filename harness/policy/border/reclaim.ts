import { grown } from '../../base/arrays.js';
import {
  type AgingTables,
  type JointSearch,
  NOT_COUNTED,
  type Pages,
  type PolicyCounters,
  type ReclaimContext,
  type ReclaimPolicy,
  type ReclaimPolicyInfo,
} from '../reclaim/contract.js';
import { Border, type ModuleOrigin, shownValue } from './border.js';
import { readOnlyView } from './views.js';

const REQUIRED = ['evict', 'insert', 'reject', 'remove', 'resize', 'grow'] as const;
const OPTIONAL = [
  'touch',
  'accessed',
  'miss',
  'demote',
  'rotate',
  'pagedOut',
  'evictedWith',
  'foliosBegin',
  'splitFolio',
  'isWorkingset',
  'tune',
  'flushStats',
] as const;
const COUNTED = ['pgscan', ...Object.keys(NOT_COUNTED)];
/** In a slot of `victims` that the policy did not write. */
const UNSET = -1;

type ArrayName = 'resident' | 'traits' | 'nextUse' | 'sizes';

/** The caller's pages, for reading only. */
class PageView implements Pages {
  /** The caller's arrays as they were last, which are replaced when they grow, and their views. */
  private readonly views = new Map<ArrayName, { of: unknown; view: unknown }>();

  constructor(
    private readonly pages: Pages,
    private readonly border: Border,
    /** Not for policies from outside: what they tell changes pages. */
    readonly tables: AgingTables | undefined,
  ) {}

  private view<N extends ArrayName>(name: N): Pages[N] {
    const array: Uint8Array | Float64Array | undefined = this.pages[name];
    const known = this.views.get(name);
    if (known && known.of === array) return known.view as Pages[N];
    const view = array && readOnlyView(array, name, this.border);
    this.views.set(name, { of: array, view });
    return view as Pages[N];
  }

  get capacity(): number {
    return this.pages.capacity;
  }

  get count(): number {
    return this.pages.count;
  }

  get resident(): Uint8Array {
    return this.view('resident');
  }

  get traits(): Uint8Array {
    return this.view('traits');
  }

  get nextUse(): Float64Array | undefined {
    return this.view('nextUse');
  }

  get sizes(): Float64Array | undefined {
    return this.view('sizes');
  }

  referenced(id: number): number {
    if (!Number.isInteger(id) || id < 0 || id >= this.count)
      throw this.border.offence(
        `asks whether page ${shownValue(id)} was referenced, expected an id below ${this.count}`,
      );
    return this.border.back(() => this.pages.referenced(id));
  }
}

/**
 * A reclaim policy whose calls are checked: its victims are distinct pages that it was given and that are resident, as many as
 * it says; its counters are finite and known; it changes nothing of the caller's.
 */
class CheckedReclaim implements ReclaimPolicy {
  touch?(id: number): void;
  accessed?(id: number): void;
  miss?(id: number): void;
  demote?(id: number): void;
  rotate?(id: number): void;
  pagedOut?(id: number): void;
  evictedWith?(id: number, head: number): void;
  foliosBegin?(sizeOf: (id: number) => number): void;
  splitFolio?(head: number, tails: readonly number[], size: number): void;
  isWorkingset?(id: number): boolean;
  tune?(parameter: string, value: number): void;
  flushStats?(onlyIfDue: boolean): boolean;
  declare readonly excess?: number;
  declare readonly largest?: number;
  readonly shrinksAtOnce: boolean;
  declare readonly listSizes?: Readonly<Record<string, number>>;
  readonly jointSearch?: JointSearch;
  /** By id: 1 while the policy has the page to choose. */
  private held: Uint8Array;
  private heldCount = 0;
  private scanned = 0;
  private own = new Int32Array(0);
  private readonly policy: ReclaimPolicy;

  constructor(
    private readonly border: Border,
    private readonly pages: Pages,
    private readonly info: ReclaimPolicyInfo,
    context: ReclaimContext,
  ) {
    this.held = new Uint8Array(pages.count);
    const view = new PageView(pages, border, info.module ? undefined : pages.tables);
    const values = Object.freeze({ ...context.values });
    this.policy = border.call('create', () => info.create(view, { ...context, values }));
    checkMethods(border, this.policy, REQUIRED, OPTIONAL);
    const { policy } = this;
    this.shrinksAtOnce = policy.shrinksAtOnce === true;
    for (const name of OPTIONAL) {
      if (policy[name] === undefined) continue;
      Object.defineProperty(this, name, { value: this.checkedMethod(name) });
    }
    if (policy.jointSearch) this.jointSearch = this.checkedSearch(policy.jointSearch);
    for (const name of ['excess', 'largest'] as const)
      if (policy[name] !== undefined) Object.defineProperty(this, name, { get: () => this.pagesOf(name) });
    if (policy.listSizes !== undefined)
      Object.defineProperty(this, 'listSizes', { get: () => this.checkedSizes() });
    if (this.counters.pgscan !== 0) throw border.offence('counters.pgscan does not begin at 0');
  }

  /** A method that the policy has, with what the caller does by it. */
  private checkedMethod(name: (typeof OPTIONAL)[number]): (...args: never[]) => unknown {
    const { border, policy } = this;
    const method = policy[name] as (...args: unknown[]) => unknown;
    return (...args: unknown[]) => {
      const [first, second] = args as [number, readonly number[]];
      if (name === 'touch') this.mustBeResident(first);
      if (name === 'pagedOut') this.release(first);
      if (name === 'splitFolio') for (const tail of second) this.hold(tail);
      return border.call(name, () => method.apply(policy, args));
    };
  }

  evict(victims: Int32Array, wanted: number): number {
    const found = this.chosen('evict', victims, 0, (own) => this.policy.evict(own, wanted));
    if (found === 0 && this.heldCount > 0 && !this.info.unbounded && !this.info.mayNotSwap)
      throw this.border.offence(`evict chose no page, and there are ${this.heldCount} to choose from`);
    return found;
  }

  private checkedSearch(search: JointSearch): JointSearch {
    const { border } = this;
    return {
      begin: (wanted) => border.call('jointSearch.begin', () => search.begin(wanted)),
      pass: (victims, from, ...how) =>
        this.chosen('jointSearch.pass', victims, from, (own) => search.pass(own, from, ...how)),
      end: () => border.call('jointSearch.end', () => search.end()),
    };
  }

  /**
   * Lets a method choose victims, and takes over those that it may choose.
   *
   * @param from where they begin in `victims` @returns where they end
   */
  private chosen(
    method: string,
    victims: Int32Array,
    from: number,
    choose: (own: Int32Array) => number,
  ): number {
    const { border } = this;
    if (this.own.length !== victims.length) this.own = new Int32Array(victims.length);
    const own = this.own.fill(UNSET);
    const end: unknown = border.call(method, () => choose(own));
    if (!Number.isInteger(end) || (end as number) < from || (end as number) > own.length)
      throw border.offence(
        `${method} returned ${shownValue(end)}, expected the number of victims, at most ${own.length}`,
      );
    for (let i = from; i < (end as number); i++) this.take(method, own[i]!, i, end as number);
    victims.set(own.subarray(from, end as number), from);
    void this.counters;
    return end as number;
  }

  private take(method: string, victim: number, i: number, found: number): void {
    const fault = this.faultOf(victim);
    if (fault)
      throw this.border.offence(`${method} returned ${found}, and victim ${i + 1} of them is ${fault}`);
    this.held[victim] = 0;
    this.heldCount--;
  }

  private faultOf(victim: number): string | undefined {
    if (victim === UNSET) return '-1 or not set';
    if (victim < 0 || victim >= this.pages.count)
      return `${victim}, expected an id from 0 to ${this.pages.count - 1}`;
    if (this.pages.resident[victim] !== 1) return `page ${victim}, which is not resident`;
    return this.held[victim] === 1
      ? undefined
      : `page ${victim}, which it has chosen before, or has been told to remove`;
  }

  /** What the caller promises; a page without a frame is nothing to choose. */
  private mustBeResident(id: number): void {
    if (this.pages.resident[id] !== 1)
      throw new Error(`a policy is told of page ${id}, which is not resident`);
  }

  insert(id: number): void {
    this.mustBeResident(id);
    this.hold(id);
    this.border.call('insert', () => this.policy.insert(id));
  }

  reject(id: number): void {
    this.hold(id);
    this.border.call('reject', () => this.policy.reject(id));
  }

  remove(id: number): void {
    this.release(id);
    this.border.call('remove', () => this.policy.remove(id));
  }

  private release(id: number): void {
    if (this.held[id] !== 1) return;
    this.held[id] = 0;
    this.heldCount--;
  }

  private hold(id: number): void {
    if (this.held[id] === 1) return;
    this.held[id] = 1;
    this.heldCount++;
  }

  resize(capacity: number): void {
    this.border.call('resize', () => this.policy.resize(capacity));
  }

  grow(count: number): void {
    if (count > this.held.length) this.held = grown(this.held, count);
    this.border.call('grow', () => this.policy.grow(count));
  }

  private pagesOf(name: 'excess' | 'largest'): number {
    const value: unknown = this.border.call(name, () => this.policy[name]);
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      throw this.border.offence(`${name} is ${shownValue(value)}, expected a whole number`);
    return value as number;
  }

  get bytes(): number {
    const bytes: unknown = this.border.call('bytes', () => this.policy.bytes ?? 0);
    if (!Number.isFinite(bytes) || (bytes as number) < 0)
      throw this.border.offence(`bytes is ${shownValue(bytes)}, expected a number`);
    return bytes as number;
  }

  /** @throws the offence where one of the sizes is not a whole number */
  private checkedSizes(): Readonly<Record<string, number>> {
    const sizes: unknown = this.border.call('listSizes', () => ({ ...this.policy.listSizes }));
    for (const [name, size] of Object.entries(sizes as object))
      if (!Number.isSafeInteger(size) || (size as number) < 0)
        throw this.border.offence(
          `listSizes.${name.slice(0, 40)} is ${shownValue(size)}, expected a whole number`,
        );
    return sizes as Readonly<Record<string, number>>;
  }

  get counters(): PolicyCounters {
    const counters: unknown = this.border.call('counters', () => ({ ...this.policy.counters }));
    for (const [name, value] of Object.entries(counters as object)) this.checkCounter(name, value);
    const { pgscan } = counters as PolicyCounters;
    if (!(pgscan >= this.scanned))
      throw this.border.offence(
        `counters.pgscan is ${shownValue(pgscan)}, expected no less than the ${this.scanned} before`,
      );
    this.scanned = pgscan;
    return counters as PolicyCounters;
  }

  private checkCounter(name: string, value: unknown): void {
    if (!COUNTED.includes(name))
      throw this.border.offence(
        `counters.${name.slice(0, 40)} is no metric of reclaim policies, expected ${COUNTED.join(', ')}`,
      );
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      throw this.border.offence(`counters.${name} is ${shownValue(value)}, expected a whole number`);
  }
}

/** @throws the offence when a policy lacks a method, or has something else by its name */
export function checkMethods<T extends object>(
  border: Border,
  policy: T,
  required: readonly (keyof T & string)[],
  optional: readonly (keyof T & string)[],
): void {
  if (typeof policy !== 'object' || policy === null)
    throw border.offence(`create returned ${shownValue(policy)}, expected a policy`);
  const lacking = required.filter((name) => typeof policy[name] !== 'function');
  if (lacking.length > 0) throw border.offence(`create returned a policy without ${lacking.join(', ')}`);
  for (const name of optional) {
    if (policy[name] !== undefined && typeof policy[name] !== 'function')
      throw border.offence(`its ${name} is ${shownValue(policy[name])}, expected a method`);
  }
}

/**
 * A reclaim policy's entry in the registry, whose policies are checked at every call.
 *
 * @param module where it is from; undefined for one of this package
 */
export function checkedReclaim(info: ReclaimPolicyInfo, module?: ModuleOrigin): ReclaimPolicyInfo {
  return {
    ...info,
    ...(module && { module }),
    create(pages, context) {
      return new CheckedReclaim(new Border(`reclaim policy ${info.name}`, module), pages, info, context);
    },
  };
}
