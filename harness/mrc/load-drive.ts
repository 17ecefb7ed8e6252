import type { drive } from './drive.js';

export type Drive = typeof drive;

const loaded = new Map<string, Drive>();

/** The loop for one policy: a copy of `drive.ts` of its own, which sees no other (see there). */
export async function loadDrive(policy: string): Promise<Drive> {
  const known = loaded.get(policy);
  if (known) return known;
  // @vite-ignore: the tests' bundler must leave the query as it is.
  const module = (await import(/* @vite-ignore */ `./drive.js?${encodeURIComponent(policy)}`)) as {
    drive: Drive;
  };
  loaded.set(policy, module.drive);
  return module.drive;
}
