import { describe, expect, it } from 'vitest';
import { TraceMeta } from '../trace/meta.js';
import { givenKind, originText, originWord, type TraceFacts } from './facts.js';

const FACTS: TraceFacts = { label: 't', pageBytes: 4096, peakPages: 1024, touches: 'recorded' };

const facts = (...pairs: [string, string][]): TraceFacts => {
  const meta = new TraceMeta(pairs);
  return { ...FACTS, touches: meta.touches, origin: meta.origin };
};

describe('where a trace comes from', () => {
  it('is what its header says, with the streams that are of another origin', () => {
    const composed = facts(
      ['provenance', 'composed'],
      ['provenance.accesses', 'recorded'],
      ['provenance.placement', 'inferred'],
      ['provenance.file-io', 'inferred'],
      ['provenance.resizes', 'composed'],
    );
    expect(originWord(composed)).toBe('composed');
    expect(originText(composed)).toBe('composed (accesses recorded, placement and file-io inferred)');
  });

  it('is not "recorded" alone where its accesses are inferred, or only the first ones', () => {
    const recorded: [string, string] = ['provenance', 'recorded'];
    expect(originWord(facts(recorded, ['provenance.touches', 'inferred']))).toBe(
      'recorded, accesses inferred',
    );
    expect(originWord(facts(recorded, ['touches', 'first-access']))).toBe('first accesses');
    expect(originWord(facts(recorded))).toBe('recorded');
  });

  it('is unstated where the header does not say', () => {
    expect([originText(facts()), originText(FACTS)]).toEqual(['of unstated origin', 'of unstated origin']);
  });
});

describe('the kind of memory that is given back', () => {
  const giving = (privatePages: number, sharedPages: number) => ({
    ...FACTS,
    givesBack: { privatePages, sharedPages },
  });

  it('is that of most of it, or what it was replayed with', () => {
    expect([givenKind(giving(9, 1), 'recorded'), givenKind(giving(1, 9), 'recorded')]).toEqual([
      'private',
      'shared',
    ]);
    expect([givenKind(giving(1, 9), 'anon'), givenKind(giving(9, 1), 'shmem')]).toEqual([
      'private',
      'shared',
    ]);
  });

  it('is no where nothing is given back, and any where that is not known', () => {
    expect([givenKind(giving(0, 0), 'anon'), givenKind(FACTS, 'recorded')]).toEqual(['no', 'any']);
  });
});
