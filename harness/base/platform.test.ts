import { describe, expect, it } from 'vitest';
import { HostError } from './errors.js';
import { requireLinux } from './platform.js';

describe('what needs Linux', () => {
  it('is refused elsewhere in one line that says what works', () => {
    expect(() => requireLinux('reclaim record', 'linux')).not.toThrow();
    for (const [platform, name] of [
      ['darwin', 'macOS'],
      ['win32', 'Windows'],
      ['freebsd', 'freebsd'],
    ] as const)
      expect(() => requireLinux('reclaim record', platform)).toThrow(
        new HostError(
          `reclaim record needs Linux, and this is ${name}: replay, compare, mrc, report, diff and gate work here, on traces and results made elsewhere too`,
        ),
      );
  });
});
