import { describe, expect, it } from 'vitest';
import { MODEL_PROBES } from '../../testing/probes.js';
import type { Probes } from '../probes.js';
import { type Circumstances, explanation } from './explain.js';

const METRICS = [
  ...['looks_equal', 'resident_pages_end', 'rss_pages_end', 'call_errors', 'discard_errors', 'discard_calls'],
  ...['sigbus', 'pgfault', 'pgmajfault', 'workingset_refault_anon', 'workingset_refault_file'],
];

/** What is explained, and by which probe, on a kernel that differs so. */
function explained(probes: Partial<Probes>, of: Partial<Circumstances> = {}): string[] {
  const usual = { machine: 'host', limited: true, swap: true, files: true };
  const circumstances = { ...usual, ...of, probes: { ...MODEL_PROBES, ...probes } };
  return METRICS.flatMap((metric) => {
    const probe = explanation(metric, circumstances);
    return probe === undefined ? [] : [`${metric}: ${probe}`];
  });
}

const all = (probe: string, ...metrics: string[]) => metrics.map((metric) => `${metric}: ${probe}`);
const RESIDENT = ['looks_equal', 'resident_pages_end', 'rss_pages_end'];
const FAULTS = ['pgfault', 'pgmajfault'];
const REFAULTS = ['workingset_refault_anon', 'workingset_refault_file'];

describe('a probe explains a row outside its bound', () => {
  it('where the kernel is as the model, in no way', () => {
    expect(explained({})).toEqual([]);
    expect(explained({}, { limited: false, swap: false, machine: 'vm' })).toEqual([]);
  });

  it('that the model has a setting for, in no way', () => {
    expect(explained({ zero_page: false, swappiness: '10', max_map_count: '100', kernel: '6.1.0' })).toEqual(
      [],
    );
  });

  it.each<[string, Partial<Probes>, Partial<Circumstances>, string[]]>([
    ['page frames', { page_frames: false }, {}, all('page_frames', 'looks_equal', 'resident_pages_end')],
    ['huge pages', { huge_pages: 'shmem' }, {}, all('huge_pages', ...RESIDENT, ...FAULTS, ...REFAULTS)],
    ['fault-around', { fault_around: 1 }, {}, all('fault_around', 'looks_equal', 'rss_pages_end', ...FAULTS)],
    ['read-ahead', { read_ahead_kb: '128' }, {}, all('read_ahead_kb', ...RESIDENT, ...FAULTS, ...REFAULTS)],
    ['read-ahead without files', { read_ahead_kb: '128' }, { files: false }, []],
    [
      'swap of the host, without a group',
      { swap: '/dev/sda2', cgroup: 'none' },
      { limited: false, swap: false },
      all('swap', ...RESIDENT, ...FAULTS),
    ],
    ['swap of the host, in version 2', { swap: '/dev/sda2' }, { swap: false }, []],
    [
      'strict overcommit',
      { overcommit_memory: '2' },
      {},
      all('overcommit_memory', ...RESIDENT, 'call_errors', 'discard_errors'),
    ],
    ['load', { load: '2.5' }, {}, all('load', ...FAULTS, ...REFAULTS)],
    ['load without a limit', { load: '2.5' }, { limited: false, swap: false }, []],
    ['load of a virtual machine', { load: '2.5' }, { machine: 'vm' }, []],
  ])('%s', (_name, probes, of, rows) => {
    expect(explained(probes, of)).toEqual(rows);
  });

  it('one of several, the most particular one', () => {
    expect(explained({ page_frames: false, huge_pages: 'anon' })[0]).toBe('looks_equal: page_frames');
  });
});
