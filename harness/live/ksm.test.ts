import { describe, expect, it } from 'vitest';
import { Refusal } from '../contract/refusal.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { checkMerge, LiveKsm } from './ksm.js';
import type { LiveSystem } from './system.js';

const FOLDER = '/sys/kernel/mm/ksm/';

/** A kernel of which only the files of ksmd are there. */
class FakeKernel {
  readonly writes: string[] = [];
  readonly system: LiveSystem;

  constructor(
    readonly files: Map<string, string>,
    alone = false,
  ) {
    const get = (path: string) => this.files.get(path.slice(FOLDER.length));
    const change = (path: string, value: string) => {
      const name = path.slice(FOLDER.length);
      this.writes.push(`${name}=${value}`);
      this.files.set(name, value);
    };
    this.system = { name: 'host', alone, session: { get }, change } as unknown as LiveSystem;
  }

  ksm(policy: string): LiveKsm {
    return new LiveKsm(this.system, checkMerge(mergePolicies.choose(policy)));
  }
}

function files(more: Readonly<Record<string, string>> = {}): Map<string, string> {
  const all = { run: '0', pages_shared: '0', pages_sharing: '0', smart_scan: '1', advisor_mode: 'none' };
  return new Map(Object.entries({ ...all, ...more }));
}

describe('ksmd of a live kernel', () => {
  it('is set as the policy says, emptied first and started last, and stopped at the end', () => {
    const kernel = new FakeKernel(files());
    const ksm = kernel.ksm('ksm:pages_to_scan=7,smart_scan=0');
    ksm.begin();
    expect(kernel.writes[0]).toBe('run=2');
    expect(kernel.writes.at(-1)).toBe('run=1');
    expect(kernel.writes).toEqual(expect.arrayContaining(['pages_to_scan=7', 'smart_scan=0']));
    kernel.writes.length = 0;
    ksm.end();
    expect(kernel.writes).toEqual(['run=2', 'run=0']);
  });

  it('counts by differences', () => {
    const kernel = new FakeKernel(files({ pages_scanned: '100', full_scans: '5' }));
    const ksm = kernel.ksm('ksm');
    ksm.begin();
    kernel.files.set('pages_scanned', '150').set('pages_sharing', '9');
    expect(ksm.counted()).toMatchObject({ pages_scanned: 50, full_scans: 0, pages_sharing: 9 });
    expect(ksm.counted()).not.toHaveProperty('pages_volatile');
  });

  it('is not compared where another program sets it meanwhile', () => {
    const kernel = new FakeKernel(files());
    const ksm = kernel.ksm('ksm');
    ksm.begin();
    kernel.files.set('advisor_mode', '[none] scan-time');
    expect(ksm.counted()).toHaveProperty('pages_shared');
    kernel.files.set('run', '0');
    expect(() => ksm.counted()).toThrow(/ksm.run was changed by another program/);
  });

  it('is left alone without a merge policy: what it counts is of others', () => {
    const kernel = new FakeKernel(files({ run: '1', pages_sharing: '77' }));
    const ksm = kernel.ksm('none');
    ksm.begin();
    ksm.end();
    expect([kernel.writes, ksm.counted()]).toEqual([[], {}]);
  });

  it('is set by events of the trace, also where it was stopped', () => {
    const kernel = new FakeKernel(files());
    const ksm = kernel.ksm('none');
    ksm.begin();
    ksm.set('run', '1');
    ksm.end();
    expect(kernel.writes).toEqual(['run=2', 'run=1', 'run=2', 'run=0']);
  });

  it('is refused where other programs share pages, but for a kernel that is only ours', () => {
    const shared = { pages_sharing: '12' };
    expect(() => new FakeKernel(files(shared)).ksm('ksm').begin()).toThrow(/other programs .* 12 pages/);
    new FakeKernel(files(shared), true).ksm('ksm').begin();
  });

  it('is refused where the kernel lacks what the policy wants, in one line', () => {
    const old = files();
    old.delete('smart_scan');
    expect(() => new FakeKernel(old).ksm('ksm').begin()).toThrow(
      'ksm.smart_scan is not in this kernel, expected merge policy ksm:smart_scan=0',
    );
    new FakeKernel(old).ksm('ksm:smart_scan=0').begin();
    expect(() => new FakeKernel(new Map()).ksm('ksm:smart_scan=0').begin()).toThrow(/no ksmd/);
    for (const name of ['instant', 'hinted', 'ksm-age-reset', 'ksm-skip-lookup'])
      expect(() => checkMerge(mergePolicies.choose(name))).toThrow(Refusal);
  });
});
