import { accessSync, constants, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../base/errors.js';
import type { Guard } from '../../guard/guard.js';
import { writeSetting } from '../../guard/kernel.js';
import { findHierarchy, type Hierarchy, type Look } from './hierarchy.js';

/** What a file of a group says; undefined where it cannot be read. */
export function readGroup(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    accessSync(join(folder, 'cgroup.procs'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const HERE: Look = { read: readGroup, isWritable };

/**
 * Where memory groups can be made on this host, or why they cannot. What is switched on for that, the guard switches off.
 */
export function hostHierarchy(guard: Guard): Hierarchy | string {
  const found = findHierarchy(
    readGroup('/proc/self/mounts') ?? '',
    readGroup('/proc/self/cgroup') ?? '',
    HERE,
  );
  if (typeof found === 'string' || !found.enable) return found;
  const control = join(found.parent, 'cgroup.subtree_control');
  guard.journal({ kind: 'setting', path: control, value: '-memory' });
  try {
    writeSetting(control, '+memory');
    return found;
  } catch (error) {
    return `${control}: the memory controller cannot be switched on (${systemErrorCode(error)})`;
  }
}

/** Makes a group, which the guard removes. Returns the code of its error; undefined for none. */
export function makeGroup(guard: Guard, path: string): string | undefined {
  guard.journal({ kind: 'cgroup', path });
  return codeOf(() => mkdirSync(path));
}

/** What keeps the memory of a group out of the swap of a host, by version. */
const NO_SWAP = { v1: 'memory.swappiness', v2: 'memory.swap.max' } as const;

/** Lets the memory of a group not be swapped, whatever swap the host has. (MADV_PAGEOUT goes there in version 1 all the same.) */
export function keepFromSwap(group: string, version: Hierarchy['version']): void {
  // Without swap in the kernel there is no such file.
  codeOf(() => writeSetting(join(group, NO_SWAP[version]), '0'));
}

/** Removes a group without processes. Returns the code of its error; undefined for none. */
export function removeGroup(path: string): string | undefined {
  return codeOf(() => rmdirSync(path));
}

function codeOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return code;
  }
}
