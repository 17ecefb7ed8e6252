import { dirname, join, resolve } from 'node:path';

/** What is looked at on the file system. */
export interface Look {
  /** Undefined where it cannot be read. */
  read(path: string): string | undefined;
  /** Whether folders can be made in a folder, and processes moved to them. */
  isWritable(folder: string): boolean;
}

/** Where memory groups can be made. */
export interface Hierarchy {
  readonly version: 'v1' | 'v2';
  /** The folder in which they are made. */
  readonly parent: string;
  /** The controller must first be switched on for groups below this folder. */
  readonly enable: boolean;
}

const ADVICE = 'as root it may, or as a user under systemd-run --user --scope -p Delegate=yes';

/** The fields of a mount that has groups. @param mounts text of /proc/self/mounts */
function mountsOf(
  mounts: string,
): { readonly folder: string; readonly type: string; readonly options: string[] }[] {
  return mounts.split('\n').flatMap((line) => {
    const [, folder, type, options] = line.split(' ');
    if (folder === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
    return [{ folder, type, options: options!.split(',') }];
  });
}

/** The group of this process in a hierarchy. @param groups text of /proc/self/cgroup: `NUMBER:CONTROLLERS:PATH` a line */
function ownPath(groups: string, isOf: (controllers: string[]) => boolean): string {
  for (const line of groups.split('\n')) {
    const [, controllers, ...path] = line.split(':');
    if (controllers !== undefined && isOf(controllers.split(','))) return path.join(':');
  }
  return '/';
}

function words(text: string | undefined): string[] {
  return (text ?? '').trim().split(/\s+/);
}

/** The nearest folder, from `from` up to `top`, that groups with the controller can be made in. */
function delegated(from: string, top: string, look: Look): string | undefined {
  for (let folder = from; folder.startsWith(top); folder = dirname(folder)) {
    const has = words(look.read(join(folder, 'cgroup.subtree_control'))).includes('memory');
    if (has && look.isWritable(folder)) return folder;
    if (folder === top) break;
  }
  return undefined;
}

function ofVersion2(top: string, groups: string, look: Look): Hierarchy | string {
  if (!words(look.read(join(top, 'cgroup.controllers'))).includes('memory'))
    return `memory is no controller of ${top}`;
  const own = resolve(top, `.${ownPath(groups, ([only]) => only === '')}`);
  const parent = delegated(own, top, look);
  if (parent !== undefined) return { version: 'v2', parent, enable: false };
  // Only the top may have both processes and groups with controllers.
  if (look.isWritable(top)) return { version: 'v2', parent: top, enable: true };
  return `${own}: permission denied; ${ADVICE}`;
}

/**
 * Finds where memory groups can be made: in version 1 where the memory controller is there, else in version 2.
 *
 * @param mounts text of /proc/self/mounts
 * @param groups text of /proc/self/cgroup
 * @returns why they cannot, in words
 */
export function findHierarchy(mounts: string, groups: string, look: Look): Hierarchy | string {
  const all = mountsOf(mounts);
  const first = all.find(({ type, options }) => type === 'cgroup' && options.includes('memory'));
  if (first) {
    const own = resolve(first.folder, `.${ownPath(groups, (names) => names.includes('memory'))}`);
    // In a container the path may be that of outside.
    const parent = [own, first.folder].find((folder) => look.isWritable(folder));
    if (parent !== undefined) return { version: 'v1', parent, enable: false };
    return `${first.folder}: permission denied; ${ADVICE}`;
  }
  const second = all.find(({ type }) => type === 'cgroup2');
  return second ? ofVersion2(second.folder, groups, look) : 'no control groups are mounted here';
}
