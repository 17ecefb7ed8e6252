import { describe, expect, it } from 'vitest';
import { findHierarchy, type Look } from './hierarchy.js';

/** A tree of folders that may be written, and files. */
function tree(writable: readonly string[], files: Readonly<Record<string, string>> = {}): Look {
  return { read: (path) => files[path], isWritable: (folder) => writable.includes(folder) };
}

const TOP = '/sys/fs/cgroup';
const HYBRID = `tmpfs ${TOP} tmpfs rw 0 0
cgroup ${TOP}/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
cgroup ${TOP}/memory cgroup rw,memory 0 0
cgroup2 ${TOP}/unified cgroup2 rw 0 0
`;
const UNIFIED = `cgroup2 ${TOP} cgroup2 rw,nsdelegate 0 0\n`;
const SLICE = `${TOP}/user.slice/user-1000.slice/user@1000.service/app.slice`;
const SCOPE = '/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope';

describe('where memory groups can be made', () => {
  it('is below the own group in version 1, or at its top where that is not seen', () => {
    const own = '4:memory:/jobs/a\n0::/\n';
    const both = tree([`${TOP}/memory`, `${TOP}/memory/jobs/a`]);
    expect(findHierarchy(HYBRID, own, both)).toEqual({
      version: 'v1',
      parent: `${TOP}/memory/jobs/a`,
      enable: false,
    });
    expect(findHierarchy(HYBRID, own, tree([`${TOP}/memory`]))).toMatchObject({ parent: `${TOP}/memory` });
  });

  it('is the nearest delegated folder in version 2, next to the own group', () => {
    const files = {
      [`${TOP}/cgroup.controllers`]: 'cpu io memory pids\n',
      [`${SLICE}/cgroup.subtree_control`]: 'memory pids\n',
      [`${TOP}${SCOPE}/cgroup.subtree_control`]: '\n',
    };
    const user = tree([SLICE, `${TOP}${SCOPE}`], files);
    expect(findHierarchy(UNIFIED, `0::${SCOPE}\n`, user)).toEqual({
      version: 'v2',
      parent: SLICE,
      enable: false,
    });
  });

  it('is the top in version 2 for root, where the controller may have to be switched on', () => {
    const off = tree([TOP], { [`${TOP}/cgroup.controllers`]: 'memory\n' });
    expect(findHierarchy(UNIFIED, '0::/\n', off)).toEqual({ version: 'v2', parent: TOP, enable: true });
    const on = { [`${TOP}/cgroup.controllers`]: 'memory\n', [`${TOP}/cgroup.subtree_control`]: 'memory\n' };
    expect(findHierarchy(UNIFIED, '0::/\n', tree([TOP], on))).toMatchObject({ enable: false });
  });

  it('is nowhere, and why is one line', () => {
    expect(findHierarchy('', '', tree([]))).toBe('no control groups are mounted here');
    expect(findHierarchy(HYBRID, '', tree([]))).toMatch(/memory: permission denied; as root it may/);
    expect(findHierarchy(UNIFIED, '0::/\n', tree([TOP]))).toBe(`memory is no controller of ${TOP}`);
    const denied = tree([], { [`${TOP}/cgroup.controllers`]: 'memory\n' });
    expect(findHierarchy(UNIFIED, '0::/a\n', denied)).toMatch(/^\/sys\/fs\/cgroup\/a: permission denied/);
  });
});
