import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseLive, LIVE_DEFAULTS, liveMachineOf, liveName, releaseOf } from './choice.js';

/** The head of a kernel image with the text that says what it is. */
function image(version: string): Buffer {
  const bytes = Buffer.alloc(0x1000);
  bytes.write('HdrS', 0x202, 'latin1');
  bytes.writeUInt16LE(0x600, 0x20e);
  bytes.write(`${version}\0`, 0x800, 'latin1');
  return bytes;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-choice-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  chooseLive(LIVE_DEFAULTS);
});

describe('what results call a live machine', () => {
  it('has the release that the image itself names, or its file name', () => {
    expect(releaseOf(image('6.1.0-50-cloud-amd64 (builder@host) #1 SMP'), 'x')).toBe('6.1.0-50-cloud-amd64');
    expect(releaseOf(image('nonsense'), '/boot/vmlinuz-5')).toBe('vmlinuz-5');
    expect(releaseOf(Buffer.alloc(0x1000), '/boot/vmlinuz-5')).toBe('vmlinuz-5');
  });

  it('has the hash of the image, and what is not as usual', () => {
    const path = join(folder, 'vmlinuz');
    writeFileSync(path, image('6.1.0 (x)'));
    chooseLive({ ...LIVE_DEFAULTS, kernel: path });
    const usual = liveName('vm');
    expect(usual).toMatch(/^vm:6\.1\.0@[0-9a-f]{12}$/);
    chooseLive({ ...LIVE_DEFAULTS, kernel: path, cgroup: 'v1', pace: 'asap', stats: 'fresh' });
    expect(liveName('vm')).toBe(`${usual}+cgroup-v1+pace-asap+stats-fresh`);
    const other = join(folder, 'other');
    writeFileSync(other, Buffer.concat([image('6.1.0 (x)'), Buffer.from('more')]));
    chooseLive({ ...LIVE_DEFAULTS, kernel: other });
    expect(liveName('vm')).not.toBe(usual);
    expect([liveMachineOf(usual), liveMachineOf('sim'), liveMachineOf('host:6.1')]).toEqual([
      'vm',
      undefined,
      'host',
    ]);
  });
});
