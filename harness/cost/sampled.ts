import type { CallCost, CostTable } from './table.js';

type Calls = CostTable['calls'];

/**
 * The prices of a replay of one in `rate` pages, whose times are multiplied by `rate` afterwards. What is charged for each page or
 * fault stays. A call is there once, however few of its pages are: it costs a part of what it costs for all pages, so that
 * the whole comes out again.
 */
export function sampledCosts(costs: CostTable, rate: number): CostTable {
  const once = <T extends { readonly ns: number }>(price: T): T => ({ ...price, ns: price.ns / rate });
  const call = ({ present, absent, source }: CallCost): CallCost => ({
    present: present.map(([pages, ns]) => [pages / rate, ns / rate]),
    // Pages that are not in the sample count as absent: their number is that of the whole trace.
    absent: absent.map(([pages, ns]) => [pages, ns / rate]),
    source,
  });
  const calls = Object.entries(costs.calls).map(([name, cost]) => [name, call(cost)]);
  return {
    ...costs,
    calls: Object.fromEntries(calls) as Calls,
    remove_extra: once(costs.remove_extra),
    flag_change: once(costs.flag_change),
    fd_lookup: once(costs.fd_lookup),
  };
}
