import { describe, expect, it } from 'vitest';
import { policyNames, varyingParameters } from './names.js';

describe('names of policies', () => {
  it('are without the parameters that all with parameters share', () => {
    const names = [
      'none',
      'ksm:pages_to_scan=9',
      'ksm:pages_to_scan=9,smart_scan=0',
      'ksm-age-reset:pages_to_scan=9',
    ];
    expect(names.map(policyNames(names))).toEqual(['none', 'ksm', 'ksm:smart_scan=0', 'ksm-age-reset']);
  });

  it('are whole where one has parameters, or none are shared', () => {
    const names = ['remove', 'remove:eager=1', 'punch:lookup=1'];
    expect(names.map(policyNames(names))).toEqual(names);
    expect(policyNames(['keep', 'punch:lookup=1'])('punch:lookup=1')).toBe('punch:lookup=1');
  });
});

describe('parameters of traces', () => {
  it('are those that vary, with the name of the generator where that differs', () => {
    const one = varyingParameters([
      'guests:guests=2,memory=9',
      'guests:guests=4,memory=9',
      'guests:memory=9',
    ]);
    expect([one?.names, [...one!.values.values()]]).toEqual([['guests'], [['2'], ['4'], ['default']]]);
    const two = varyingParameters(['late:guests=2', 'spread:guests=4']);
    expect([two?.names, [...two!.values.values()]]).toEqual([
      ['trace', 'guests'],
      [
        ['late', '2'],
        ['spread', '4'],
      ],
    ]);
  });

  it('are not there where nothing varies', () => {
    expect(varyingParameters(['chromium-cache', 'postgresql'])).toBeUndefined();
  });
});
