import { spawnSync } from 'node:child_process';

/** Runs a program; its exit code and what it printed. */
export function runProgram(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  return { code: status, stdout: stdout ?? '', stderr: stderr ?? '', error };
}

/** As `runProgram`, and throws with what was printed when the program fails. */
export function mustRun(command: string, args: readonly string[], cwd: string): string {
  const { code, stdout, stderr, error } = runProgram(command, args, cwd);
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${code ?? error?.message}\n${stdout}${stderr}`);
  return stdout;
}

/** Why this host cannot do something, said where the tests print; the test then skips. */
export function cannot(reason: string): string {
  process.stderr.write(`skipped: ${reason}\n`);
  return reason;
}
