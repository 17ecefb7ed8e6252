import { MODES, ScriptRecorder, whyNot } from '../recorded/run.js';
import type { Part } from './part.js';

/**
 * Records random scripts by the built command line, with the accesses that fault and with all: the recording must say what the
 * interpreter of the script logged. Modes that the host cannot record are left out.
 */
export async function recordings(folder: string): Promise<Part> {
  const modes = MODES.filter((mode) => whyNot(mode) === undefined);
  if (modes.length === 0)
    throw new Error(`no scripts are recorded here: ${whyNot('faults')}; ${whyNot('all')}`);
  const recorder = await ScriptRecorder.open(folder);
  return async (seed) => {
    const failures = modes.flatMap((mode) => {
      const wrong = recorder.differs(seed, mode);
      return wrong === undefined ? [] : [`${mode}: ${wrong}`];
    });
    return { tried: modes.length, failures };
  };
}
