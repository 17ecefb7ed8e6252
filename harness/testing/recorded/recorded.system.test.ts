import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.js';
import { cannot } from '../system.js';
import { MODES, ScriptRecorder, whyNot } from './run.js';

const folder = temporaryFolder('recorded-');
const SCRIPTS = 20;

describe.each(MODES)('recordings of random scripts: %s', (mode) => {
  const reason = whyNot(mode);
  if (reason !== undefined) cannot(reason);

  it.skipIf(reason !== undefined)(
    `are as their logs say, of ${SCRIPTS}`,
    async () => {
      const recorder = await ScriptRecorder.open(folder());
      const wrong: string[] = [];
      for (let seed = 1; seed <= SCRIPTS; seed++) {
        const differs = recorder.differs(seed, mode);
        if (differs !== undefined) wrong.push(`seed ${seed}: ${differs}`);
      }
      expect(wrong).toEqual([]);
    },
    600_000,
  );
});
