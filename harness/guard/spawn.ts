import { type SpawnOptions, spawn } from 'node:child_process';

/** Runs a program to its end, without output. Returns its exit status, undefined where a signal ended it or it cannot be run. */
export function spawnQuietly(
  file: string,
  args: readonly string[],
  stdio: SpawnOptions['stdio'] = 'ignore',
): Promise<number | undefined> {
  return new Promise((done) => {
    const child = spawn(file, args, { stdio });
    child.once('error', () => done(undefined));
    child.once('exit', (status) => done(status ?? undefined));
  });
}
