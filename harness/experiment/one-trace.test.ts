import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { discardPolicies } from '../policy/discard/registry.js';
import { TRACE } from '../testing/cli-folder.js';
import { temporaryFolder } from '../testing/folder.js';
import { DEFAULT_EXPERIMENT, readExperiment } from './file.js';
import { namedExperiment } from './one-trace.js';
import { planCells } from './plan.js';

const folder = temporaryFolder('reclaim-one-trace-');

function written(name: string, content: string | Uint8Array): string {
  const path = join(folder(), name);
  writeFileSync(path, content);
  return path;
}

describe('what compare is given', () => {
  it('may be a trace, by its content and whatever its name: the policies of the shipped comparison', async () => {
    const shipped = readExperiment(DEFAULT_EXPERIMENT);
    for (const path of [written('My App.csv.gz', gzipSync(TRACE)), written('my-app.yaml', TRACE)]) {
      const experiment = await namedExperiment(path);
      expect(experiment.traces).toEqual([{ entry: path, family: undefined }]);
      expect(experiment).toMatchObject({ limits: ['none', '50%'], backing: ['recorded'], claims: [] });
      expect(experiment.discard).toEqual(shipped.discard);
      expect(experiment.swap).toEqual(shipped.swap);
      expect(experiment.name).toMatch(/^my-app/);
    }
  });

  it('has policies that give back later where the trace gives back private memory above all', async () => {
    const shipped = readExperiment(DEFAULT_EXPERIMENT);
    const experiment = { ...(await namedExperiment('go')), discard: ['keep', 'dontneed'] };
    const discards = (privatePages: number, sharedPages: number) => {
      const trace = {
        peakPages: 100,
        pageBytes: 4096,
        replicate: 1,
        givesBack: { privatePages, sharedPages },
      };
      return [...new Set(planCells(experiment, [trace]).map(({ discard }) => discard))];
    };
    const later = shipped.family_discard.allocator!.map((text) => discardPolicies.choose(text).text);
    expect(discards(5, 4)).toEqual(['keep', 'dontneed', ...later]);
    expect(discards(4, 5)).toEqual(['keep', 'dontneed']);
    expect(discards(0, 0)).toEqual(['keep', 'dontneed']);
  });

  it('may be standard input', async () => {
    const experiment = await namedExperiment('-');
    expect(experiment).toMatchObject({ name: 'trace', traces: [{ entry: '-' }], backing: ['recorded'] });
    expect(experiment.description).toMatch(/ on \(standard input\)\.$/);
  });

  it('may be the name of a shipped trace', async () => {
    expect((await namedExperiment('mariadb-resize')).traces).toEqual([
      { entry: 'mariadb-resize', family: undefined },
    ]);
  });

  it('is an experiment file otherwise', async () => {
    const path = written('e.yaml', 'name: e\ntraces: [a.csv]\ndiscard: [keep]\n');
    expect((await namedExperiment(path)).name).toBe('e');
    expect((await namedExperiment(undefined)).name).toBe('default');
    await expect(namedExperiment(written('x.csv', 'a: [\n'))).rejects.toThrow(/not YAML/);
    await expect(namedExperiment(join(folder(), 'none.yaml'))).rejects.toThrow(/no such file/);
    mkdirSync(join(folder(), 'sub'));
    await expect(namedExperiment(join(folder(), 'sub'))).rejects.toThrow(/is a directory/);
  });
});
