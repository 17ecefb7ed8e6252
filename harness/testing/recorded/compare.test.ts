import { describe, expect, it } from 'vitest';
import { recordingDiffers } from './compare.js';

const PAGE = 2 ** 28;
const of = (...lines: string[]): string[] => lines.map((line) => line.replaceAll('P', String(PAGE)));

const map = 'map,9:9,P,3,anon';
const ofOneCall = `unmap,9:9,${PAGE},3,`;
const first = `unmap,9:9,${PAGE},2,`;
const second = `unmap,9:9,${PAGE + 2},1,`;
const write = 'write,9:9,P,1,';
const readOfNothing = 'read,9:9,P,1,';

describe('a recording and the log of its script', () => {
  it('are equal where a call that unmaps several mappings is several events', () => {
    expect(recordingDiffers(of(map, ofOneCall), of(map, first, second), 'faults')).toBeUndefined();
    expect(recordingDiffers(of(map, first, second), of(map, ofOneCall), 'all')).toBeUndefined();
  });

  it('are equal where an access between two such calls did not fault', () => {
    const log = of(map, write, first, readOfNothing, second);
    expect(recordingDiffers(log, of(map, write, first, second), 'faults')).toBeUndefined();
    expect(recordingDiffers(log, of(map, write, first, second), 'all')).toMatch(/expected read/);
  });

  it('differ in a page that only one of them unmaps', () => {
    expect(recordingDiffers(of(map, ofOneCall), of(map, first), 'faults')).toMatch(/expected unmap/);
    expect(recordingDiffers(of(map, first), of(map, ofOneCall), 'faults')).toMatch(/recorded unmap/);
  });
});
