import type { drive } from './drive.js';

export type Drive = typeof drive;

const loaded = new Map<string, Drive>();

/** The loop for one policy: a copy of `drive.ts` of its own, which sees no other (see there). */
export async function loadDrive(policy: string): Promise<Drive> {
  const known = loaded.get(policy);
  if (known) return known;
  const module = (await import(`./drive.js?${encodeURIComponent(policy)}`)) as { drive: Drive };
  loaded.set(policy, module.drive);
  return module.drive;
}
