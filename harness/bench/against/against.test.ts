import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostError } from '../../base/errors.js';
import { lastLine, runProcess } from './process.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-process-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const never = new AbortController().signal;

describe('a process', () => {
  it('reports its exit code and what it says is wrong', async () => {
    const ended = await runProcess(
      'sh',
      ['-c', 'echo out; echo first >&2; echo last >&2; exit 3'],
      folder,
      never,
    );
    expect(ended).toEqual({ code: 3, stderr: 'first\nlast\n' });
    expect([lastLine(ended.stderr), lastLine('')]).toEqual(['last', '']);
  });

  it('ends with all it started when it is aborted', async () => {
    const abort = new AbortController();
    const started = join(folder, 'started');
    const late = join(folder, 'late');
    // A process of the shell, as the compiler is one of npm.
    const script = `(touch "${started}"; sleep 30; touch "${late}") & wait`;
    const running = runProcess('sh', ['-c', script], folder, abort.signal);
    while (!existsSync(started)) await sleep(5);
    abort.abort();
    await expect(running).rejects.toThrow(/aborted/);
    expect(existsSync(late)).toBe(false);
    await expect(runProcess('sh', ['-c', 'true'], folder, abort.signal)).rejects.toThrow(/aborted/);
  });

  it('says when there is no such program', async () => {
    await expect(runProcess('no-such-program', [], folder, never)).rejects.toThrow(
      new HostError('there is no no-such-program here'),
    );
  });
});
