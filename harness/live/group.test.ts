import { describe, expect, it } from 'vitest';
import type { Errno } from '../policy/discard/contract.js';
import { MemoryGroup, parseCounters } from './group.js';
import { LIVE_OP } from './protocol.js';
import type { Session } from './session.js';

/** A system whose files are those given, and a session that waits for nothing. */
function place(version: 'v1' | 'v2', files: Readonly<Record<string, string>>, left = 0) {
  let removals = 0;
  const made: string[] = [];
  const waits: number[] = [];
  const session = {
    tell: () => 0,
    call: (code: number, { a }: { a: number }) => {
      if (code === LIVE_OP.rest) waits.push(a);
      return { error: 0 };
    },
  } as unknown as Session;
  const group = new MemoryGroup(
    session,
    {
      version,
      parent: '/g',
      files: {
        get: (path) => files[path],
        makeFolder: (path): Errno => {
          made.push(path);
          return 0;
        },
        removeFolder: (): Errno => (removals++ < left ? 'ENOMEM' : 0),
      },
    },
    'a',
  );
  return { group, made, waits };
}

describe('a memory group', () => {
  it('reads counters', () => {
    expect([...parseCounters('anon 4096\npgfault 7\n\n')]).toEqual([
      ['anon', 4096],
      ['pgfault', 7],
    ]);
  });

  it('of version 2 has its own memory, swap and kills, and is up to date when it is asked to be', () => {
    const { group, made, waits } = place('v2', {
      '/g/a/memory.stat': 'anon 8192\nkernel 4096\n',
      '/g/a/memory.swap.current': '12288\n',
      '/g/a/memory.events': 'max 3\noom_kill 1\n',
      '/g/a/cpu.stat': 'usage_usec 1\n',
    });
    group.refresh();
    expect([made, waits]).toEqual([['/g/a'], []]);
    expect([group.own(), group.swapPages(), group.kills()]).toEqual([{ anon: 2, kernel: 1 }, 3, 1]);
  });

  it('of version 1 has them elsewhere', () => {
    const { group } = place('v1', {
      '/g/a/memory.stat': 'rss 8192\nswap 4096\n',
      '/g/a/memory.kmem.usage_in_bytes': '12288\n',
      '/g/a/memory.oom_control': 'under_oom 0\noom_kill 2\n',
    });
    group.refresh();
    expect([group.own(), group.swapPages(), group.kills()]).toEqual([{ anon: 2, kernel: 3 }, 1, 2]);
  });

  it('is removed when its processes are gone, which may take a moment; not for ever', () => {
    const soon = place('v2', {}, 2);
    soon.group.remove();
    expect(soon.waits).toHaveLength(2);
    expect(() => place('v2', {}, 1e6).group.remove()).toThrow('/g/a: the memory group cannot be removed');
  });
});
