import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jsonText } from '../base/json.js';
import { packageFile } from '../base/package-root.js';
import { experimentJsonSchema, SCHEMA_FILE } from './json-schema.js';

const validate = new Ajv2020({ strict: false }).compile(experimentJsonSchema());
const EXPERIMENTS = packageFile('workloads', 'experiments');
const files = readdirSync(EXPERIMENTS).filter((name) => name.endsWith('.yaml'));

describe('the schema of experiment files', () => {
  it('is the one in the package', async () => {
    await expect(jsonText(experimentJsonSchema())).toMatchFileSnapshot(packageFile(...SCHEMA_FILE));
  });

  it('takes every shipped experiment, which names it in the first line', () => {
    for (const name of files) {
      const text = readFileSync(join(EXPERIMENTS, name), 'utf8');
      expect([name, validate(parse(text, { merge: true })), validate.errors]).toEqual([name, true, null]);
      expect(text.split('\n')[0]).toBe(
        '# yaml-language-server: $schema=../../harness/experiment/experiment.schema.json',
      );
    }
  });

  it('takes what the program takes, and no key that it lacks', () => {
    const base = { name: 'a', traces: ['b'], discard: ['keep', 'remove:eager=1'] };
    const takes = (more: object) => validate({ ...base, ...more });
    for (const more of [
      {},
      { limits: '50%' },
      { limits: ['none', 100] },
      { seed: [1, 2] },
      { merge: 'ksm:pages_to_scan=9' },
    ])
      expect([more, takes(more)]).toEqual([more, true]);
    for (const more of [{ discards: 'keep' }, { draws: 0 }, { seed: 'x' }, { name: 'A B' }, { traces: [] }])
      expect([more, takes(more)]).toEqual([more, false]);
  });
});
