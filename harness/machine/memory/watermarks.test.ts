import { describe, expect, it } from 'vitest';
import { minFreeKbytes, pcpBatch, pcpHigh, watermarks } from './watermarks.js';

const GIB = 2 ** 18;

describe('min_free_kbytes', () => {
  it('has the values that mm/page_alloc.c lists', () => {
    const listed: [mib: number, kbytes: number][] = [
      [16, 512],
      [32, 724],
      [64, 1024],
      [128, 1448],
      [256, 2048],
      [512, 2896],
      [1024, 4096],
      [2048, 5792],
      [4096, 8192],
      [8192, 11585],
      [16384, 16384],
    ];
    for (const [mib, kbytes] of listed) expect(minFreeKbytes(mib * 256), `${mib} MiB`).toBe(kbytes);
  });

  it('is never below 128 nor above 262144', () => {
    expect(minFreeKbytes(1)).toBe(128);
    expect(minFreeKbytes(8192 * GIB)).toBe(262144);
  });
});

describe('watermarks', () => {
  it('differ by a quarter of min in small memory', () => {
    // 64 MiB: 1024 KiB are 256 pages, a quarter 64; a thousandth of 16384 pages is 16.
    expect(watermarks(16384)).toEqual({ min: 256, low: 320, high: 384 });
  });

  it('differ by a thousandth of memory in large memory', () => {
    // 24 GiB: sqrt(25165824 * 16) = 20066 KiB are 5016 pages, a quarter 1254; a thousandth of 6291456 pages is 6291.
    expect(watermarks(24 * GIB)).toEqual({ min: 5016, low: 11307, high: 17598 });
  });

  it('are those of /proc/zoneinfo on a 24 GiB machine, zone by zone', () => {
    // Linux 6.18, two processors, vm.min_free_kbytes 67584. `min` is a zone's part of it.
    const zones = [
      { managed: 3840, min: 52, low: 65, high: 78, batch: 1, highMin: 32 },
      { managed: 772915, min: 10569, low: 13211, high: 15853, batch: 63, highMin: 6605 },
      { managed: 458752, min: 6273, low: 7841, high: 9409, batch: 63, highMin: 3920 },
    ];
    for (const { managed, min, low, high, batch, highMin } of zones) {
      expect(watermarks(managed, 4 * min)).toEqual({ min, low, high });
      expect(pcpBatch(managed)).toBe(batch);
      expect(pcpHigh(low, batch, 2)).toBe(highMin);
    }
  });
});

describe('the per-CPU list', () => {
  it('has a batch of one less than a power of two', () => {
    // A quarter of a thousandth, and half as much again, rounded down: 128 MiB 8 → 12 → 8; 1 GiB 64 → 96 → 64.
    expect([GIB / 8, GIB / 4, GIB / 2, GIB, 8 * GIB].map(pcpBatch)).toEqual([7, 15, 31, 63, 63]);
    expect(pcpBatch(7)).toBe(1);
  });

  it('holds at least four batches', () => {
    expect(pcpHigh(100, 63, 4)).toBe(252);
  });
});
