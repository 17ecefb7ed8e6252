import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { Lab } from '../testing/lab.js';
import { markdownTable, tableIn } from '../testing/readme.js';
import { SETTINGS } from './settings.js';
import { type Setting, valuesOf } from './state/settings.js';

const README = readFileSync(packageFile('harness', 'machine', 'README.md'), 'utf8');

/** The README's table of settings, from the registry. */
function table(): string {
  const rows = SETTINGS.map((setting) => [
    `\`${setting.name}\``,
    valuesOf(setting),
    setting.default,
    setting.meaning,
    setting.source,
  ]);
  return markdownTable(['setting', 'values', 'default', 'what', 'source'], rows);
}

/** A value that a setting takes, and one that it does not. */
function valuesFor(setting: Setting<never>): { good: string; bad: string } {
  if (setting.choices) return { good: setting.choices[0]!, bad: 'neither' };
  return { good: String(setting.max), bad: String(setting.max + 1) };
}

describe('settings', () => {
  it('are in README.md as the registry has them', () => {
    expect(tableIn(README, 'setting')).toBe(table());
  });

  it('have names of their own', () => {
    expect(new Set(SETTINGS.map(({ name }) => name)).size).toBe(SETTINGS.length);
  });

  it('take the ends of their range, and nothing beyond', () => {
    for (const setting of SETTINGS) {
      const { m } = new Lab({ memory: 2 ** 20 });
      const { good, bad } = valuesFor(setting);
      expect(() => m.set(setting.name, good), setting.name).not.toThrow();
      expect(() => m.set(setting.name, bad), setting.name).toThrow(`${setting.name}=${bad} is out of range`);
      expect(() => m.set(setting.name, '1.5'), setting.name).toThrow('is out of range');
    }
  });

  it('apply: fields of the settings', () => {
    const { m } = new Lab();
    m.set('vm.max_map_count', '7');
    m.set('read_ahead_kb', '131');
    m.set('vm.page-cluster', '5');
    m.set('swap.vma_ra_enabled', '0');
    m.set('vm.dirty_writeback_centisecs', '8');
    m.set('vm.dirty_expire_centisecs', '9');
    m.set('mm.struct_page_bytes', '10');
    m.set('madvise.remove_2006', '1');
    m.set('kernel.version', '6.6');
    m.set('mm.shared_zero_page', '0');
    m.set('memcg.charge_page_tables', '1');
    m.set('memcg.recursiveprot', '0');
    m.set('memcg.stats', 'fresh');
    m.set('memcg.stats_flush_ms', '11');
    const { thp: _, ...settings } = m.settings;
    expect(settings).toEqual({
      maxMapCount: 7,
      readAheadPages: 32,
      pageCluster: 5,
      vmaReadAhead: 0,
      dirtyWritebackCentisecs: 8,
      dirtyExpireCentisecs: 9,
      structPageBytes: 10,
      removeEra: '2006',
      kernel: 606,
      sharedZeroPage: 0,
      chargePageTables: 1,
      recursiveProtection: 0,
      stats: 'fresh',
      statsFlushMs: 11,
    });
  });

  it('apply: fields of the settings of huge pages', () => {
    const { m } = new Lab();
    m.set('thp.enabled', 'madvise');
    m.set('thp.defrag', 'defer');
    m.set('thp.shmem_enabled', 'force');
    m.set('thp.use_zero_page', '0');
    m.set('thp.shrink_underused', '0');
    m.set('khugepaged.max_ptes_none', '1');
    m.set('khugepaged.max_ptes_swap', '2');
    m.set('khugepaged.max_ptes_shared', '3');
    m.set('khugepaged.pages_to_scan', '4');
    m.set('khugepaged.scan_sleep_millisecs', '5');
    m.set('khugepaged.alloc_sleep_millisecs', '6');
    m.set('khugepaged.defrag', '0');
    expect({ ...m.settings.thp }).toEqual({
      enabled: 'madvise',
      defrag: 'defer',
      shmemEnabled: 'force',
      useZeroPage: 0,
      shrinkUnderused: 0,
      maxPtesNone: 1,
      maxPtesSwap: 2,
      maxPtesShared: 3,
      pagesToScan: 4,
      scanSleepMs: 5,
      allocSleepMs: 6,
      khugepagedDefrag: 0,
    });
  });

  it('of unknown name are refused with those that are most like it', () => {
    const { m } = new Lab();
    expect(() => m.set('ksm.runn', '1')).toThrow(
      new RegExp(
        `expected one of .*\\bksm\\.run\\b.* and ${SETTINGS.length - 8} more; did you mean ksm\\.run\\?$`,
      ),
    );
  });

  it('of free-page reporting need memory of a size', () => {
    expect(() => new Lab().m.set('mm.page_reporting_order', '9')).toThrow('--memory');
  });
});
