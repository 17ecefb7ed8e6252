import type { ListPolicy } from './list-policy.js';

/**
 * `ListPolicy` for one policy: a copy of its module of its own, as of the loop over reference strings
 * (harness/mrc/load-drive.ts). Its methods then see objects of one class; shared by nine, they are up to a third slower
 * for each of them once several have run.
 */
export async function ownListPolicy(policy: string): Promise<typeof ListPolicy> {
  // @vite-ignore: the tests' bundler must leave the query as it is.
  const module = (await import(/* @vite-ignore */ `./list-policy.js?${policy}`)) as {
    ListPolicy: typeof ListPolicy;
  };
  return module.ListPolicy;
}
