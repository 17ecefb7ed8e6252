import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.js';
import { MEASURED, MEASURED_LIMIT } from './measured.js';
import { PATTERNS, type PatternName } from './patterns.js';
import { validationTable } from './table.js';
import { type Validated, validateRow } from './validate.js';

/**
 * Accesses and SHA-256 (first 16 digits, of the numbers as little-endian 32-bit words) of the sequences that the
 * measured programs went through.
 */
const MEASURED_SEQUENCES: readonly (readonly [PatternName, number, string])[] = [
  ['cyclic1.5x', 122880, '42389983a58376f3'],
  ['zipf0.8', 196608, 'e226a6e7f336bb15'],
  ['zipf0.99', 196608, 'b6eb612e891e650a'],
  ['uniform2x', 131072, '8171db5a03a2536a'],
  ['hotscan', 180224, '2a33f9855848b4d8'],
];

describe('access patterns are those that were measured', () => {
  it.each(MEASURED_SEQUENCES)('%s', (pattern, length, sha256) => {
    const sequence = PATTERNS[pattern](MEASURED_LIMIT);
    expect(sequence).toHaveLength(length);
    expect(createHash('sha256').update(sequence).digest('hex').slice(0, 16)).toBe(sha256);
  });
});

describe('linux reclaim misses as often as the kernel', () => {
  const results: Validated[] = [];
  for (const row of MEASURED) {
    it(`${row.mode} ${row.kind} ${row.pattern}`, async () => {
      const result = await validateRow(row);
      results.push(result);
      expect(Math.abs(result.differencePercent)).toBeLessThanOrEqual(result.allowedPercent);
      expect(result.ok).toBe(true);
    });
  }

  it('as the README of the policies shows', () => {
    const readme = readFileSync(packageFile('harness', 'policy', 'README.md'), 'utf8');
    expect(readme).toContain(validationTable(results));
  });
});
