import { describe, expect, it } from 'vitest';
import { canonicalReadahead, readaheadSetup } from './readahead.js';

describe('read-ahead', () => {
  it('is that of kernels, with settings of its own, or off', () => {
    expect(readaheadSetup('kernel')).toEqual({ fileKib: 128, pageCluster: 3 });
    expect(readaheadSetup('kernel:page_cluster=0')).toEqual({ fileKib: 128, pageCluster: 0 });
    expect(readaheadSetup('off')).toEqual({ fileKib: 0, pageCluster: 0 });
  });

  it('has a text that says what differs', () => {
    expect(canonicalReadahead('kernel:page_cluster=3,read_ahead_kb=512')).toBe('kernel:read_ahead_kb=512');
    expect(canonicalReadahead('kernel:read_ahead_kb=128')).toBe('kernel');
  });

  it('refuses what kernels do not take', () => {
    expect(() => readaheadSetup('kernel:page_cluster=32')).toThrow('page_cluster=32 is out of range');
    expect(() => canonicalReadahead('on')).toThrow('kind of read-ahead');
  });
});
