import { describe, expect, it } from 'vitest';
import { loadCosts } from '../cost/table.js';
import { run, type TestRun } from '../testing/machine.js';
import { traceOf } from '../testing/traces.js';

const { first, further } = loadCosts().tlb_shootdown;
const ONE = first.ns;
const THREE = first.ns + 2 * further.ns;

/** Four threads of a space that has eight pages; the last lines are at 100 ms. */
const SET_UP = [
  '0,object,,,8,shmem:o',
  '0,spawn,1,,,',
  '0,map,1,0,8,anon',
  '0,map,1,100,8,shared:o@0',
  '0,write,1:0,0,8,',
  '0,write,1:0,100,8,',
  ...[1, 2, 3].map((thread) => `50000,read,1:${thread},0,1,`),
];

/** What more CPUs add to what an event of thread 0 takes, to all that is paid. */
async function added(lines: readonly string[], options: TestRun = {}): Promise<number> {
  const text = `${[...SET_UP, ...lines].join('\n')}\n`;
  const [one, more] = await Promise.all(
    [1, 64].map((cpus) => run(traceOf(text), { swap: 'ssd', ...options, cpus: options.cpus ?? cpus })),
  );
  const paid = (result: typeof one) => result!.metrics.cpu_ns + result!.metrics.daemon_ns;
  return paid(more) - (options.cpus === undefined ? paid(one) : 0);
}

describe('TLB shootdowns', () => {
  it.each([
    ['DONTNEED', ['100000,madvise,1:0,0,8,MADV_DONTNEED']],
    ['FREE', ['100000,madvise,1:0,0,8,MADV_FREE']],
    ['COLD', ['100000,madvise,1:0,0,8,MADV_COLD']],
    ['PAGEOUT', ['100000,madvise,1:0,0,8,MADV_PAGEOUT']],
    ['REMOVE of mapped memory', ['100000,madvise,1:0,100,8,MADV_REMOVE']],
    ['a hole in mapped memory', ['100000,fallocate,1:0,0,8,punch:o']],
    ['munmap', ['100000,unmap,1:0,0,8,']],
    ['a mapping over another', ['100000,map,1:0,0,8,anon']],
    ['mprotect', ['100000,protect,1:0,0,8,ro']],
    ['mremap', ['100000,remap,1:0,0,8,to=200']],
    ['fork', ['100000,fork,1:0,,,2']],
  ])('are paid once by %s: three other threads run', async (_call, lines) => {
    expect(await added(lines)).toBe(THREE);
  });

  it.each([
    ['advice that finds nothing', ['100000,unmap,1:0,0,8,', '100000,madvise,1:0,0,8,MADV_DONTNEED']],
    ['a write after unmap', ['100000,unmap,1:0,0,8,', '100000,map,1:0,0,8,anon', '100000,write,1:0,0,8,']],
    ['the end of a space', ['100000,unmap,1:0,0,8,', '100000,exit,1:0,,,']],
  ])('are not paid by %s', async (_what, lines) => {
    // The first unmap alone.
    expect(await added(lines)).toBe(THREE);
  });

  it('are paid by each copy on write', async () => {
    const child = ['100000,fork,1:0,,,2', '100000,write,1:0,0,4,'];
    expect(await added(child)).toBe(5 * THREE);
  });

  it('go to threads that had an event in the last 100 ms, and to no more CPUs than there are', async () => {
    expect(await added(['160000,madvise,1:0,0,8,MADV_DONTNEED'])).toBe(0);
    expect(await added(['140000,read,1:1,0,1,', '160000,madvise,1:0,0,8,MADV_DONTNEED'])).toBe(ONE);
    const lines = ['100000,madvise,1:0,0,8,MADV_DONTNEED'];
    const at = (cpus: number) => added(lines, { cpus });
    expect((await at(2)) - (await at(1))).toBe(ONE);
    expect((await at(3)) - (await at(1))).toBe(ONE + further.ns);
  });

  it('are paid by reclaim for each page that is mapped and that it writes', async () => {
    const lines = [...SET_UP, '100000,unmap,1:0,100,8,', '100000,limit,,,4,'];
    const metrics = async (cpus: number) =>
      (await run(traceOf(`${lines.join('\n')}\n`), { swap: 'ssd', cpus })).metrics;
    const [alone, many] = [await metrics(1), await metrics(64)];
    // All 16 go at once; those of shared memory are not mapped any more.
    expect([alone.pswpout, many.pswpout]).toEqual([16, 16]);
    // The limit is of no thread: each of the four CPUs that run the space is another than that of the daemon.
    expect(many.daemon_ns - alone.daemon_ns).toBe(8 * (first.ns + 3 * further.ns));
  });

  it('are paid by reclaim once a batch of pages that need no write', async () => {
    const lines = [
      ...SET_UP,
      '100000,fallocate,1:0,0,8,punch:o',
      '100000,madvise,1:0,0,8,MADV_FREE',
      '100000,limit,,,4,',
    ];
    const metrics = async (cpus: number) =>
      (await run(traceOf(`${lines.join('\n')}\n`), { swap: 'ssd', cpus })).metrics;
    const [alone, many] = [await metrics(1), await metrics(64)];
    expect([many.pglazyfreed, many.pswpout]).toEqual([8, 0]);
    expect(many.daemon_ns - alone.daemon_ns).toBe(first.ns + 3 * further.ns);
  });

  it('are dearer where the price is: at twice the price, twice as much', async () => {
    const costs = loadCosts();
    const { tlb_shootdown: prices } = costs;
    const twice = {
      ...costs,
      tlb_shootdown: {
        first: { ...prices.first, ns: 2 * prices.first.ns },
        further: { ...prices.further, ns: 2 * prices.further.ns },
      },
    };
    expect(await added(['100000,madvise,1:0,0,8,MADV_DONTNEED'], { costs: twice })).toBe(2 * THREE);
  });
});
