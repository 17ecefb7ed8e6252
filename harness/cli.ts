#!/usr/bin/env node
// Imports nothing before it can say what is wrong: where a process may open few files, that starts with its own modules.
try {
  const { main } = await import('./main.js');
  await main();
} catch (error) {
  const { code, path, syscall, stack } = error as NodeJS.ErrnoException;
  const isGone = syscall === 'uv_cwd';
  const isHost = isGone || code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM';
  const problem = code === 'ENOMEM' ? 'out of memory' : 'too many open files (ulimit -n)';
  const cause = isGone ? 'the current folder was removed' : `${path}: ${problem}`;
  process.stderr.write(`reclaim: ${isHost ? cause : `internal error, please report it\n${stack}`}\n`);
  process.exitCode = isHost ? 3 : 70;
}
