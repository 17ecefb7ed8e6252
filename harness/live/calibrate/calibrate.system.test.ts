import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingCompiler } from '../../base/native.js';
import { readCosts } from '../../cost/table.js';
import { reclaim } from '../../testing/cli.js';
import { temporaryFolder } from '../../testing/folder.js';
import { cannot } from '../../testing/system.js';
import { missingSwap } from '../host/swap.js';

const missing = process.platform === 'linux' ? missingCompiler() : 'Linux is needed';
if (missing !== undefined) cannot(`measuring this host: ${missing}`);
const noSwap = missing ?? missingSwap('zram');
if (noSwap !== undefined) cannot(`measuring swap of this host: ${noSwap}`);

const folder = temporaryFolder('reclaim-calibrate-');

/** What the guard restores, as it is now. */
function settings(): string[] {
  const files = ['/proc/swaps', '/proc/sys/vm/page-cluster', '/sys/kernel/mm/ksm/run'];
  return files.map((file) => readFileSync(file, 'utf8'));
}

function calibrateTo(name: string, more: readonly string[]): string {
  const path = join(folder(), name);
  const { code, stderr } = reclaim(
    ['calibrate', '--rounds', '3', '--force', '--format', 'json', '--out', path, ...more],
    folder(),
  );
  expect([code, stderr]).toEqual([0, expect.stringContaining(`${path}: written`)]);
  return path;
}

describe.skipIf(missing !== undefined)('reclaim calibrate', () => {
  it('writes a whole cost table, that replay takes', () => {
    const path = calibrateTo('costs.json', []);
    const { costs, fromDefault } = readCosts(path);
    expect(fromDefault).toEqual([]);
    expect(costs.faults.anon_write.source).toMatch(
      /^first write to private memory; median of 3 rounds, spread/,
    );
    expect(costs.faults.cow_copy.ns).toBeGreaterThan(costs.touch.ns);
    const [first, last] = [costs.calls.dontneed_anon.present[0]!, costs.calls.dontneed_anon.present[3]!];
    expect(last[1]).toBeGreaterThan(first[1]);
    const { code, stdout } = reclaim(
      ['replay', 'mariadb-resize', '--costs', path, '--format', 'json'],
      folder(),
    );
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { stall_ns: number }).stall_ns).toBeGreaterThan(0);
  });

  it.skipIf(noSwap !== undefined)('measures swap, and leaves the host as it was', () => {
    const before = settings();
    const { costs } = readCosts(calibrateTo('zram.json', ['--swap', 'zram']));
    expect(costs.devices.zram.source).toMatch(/^whole major faults/);
    expect(costs.calls.pageout.source).toMatch(/^MADV_PAGEOUT to swap/);
    expect(settings()).toEqual(before);
  });
});
