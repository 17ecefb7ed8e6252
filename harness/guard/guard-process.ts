import { restoreJournal } from './journal.js';

// The process that outlives its recorder: see guard.ts. Signals of the terminal are for the recorder.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(name, () => undefined);

process.stdin.on('end', async () => {
  await restoreJournal(process.argv[2]!).catch(() => {
    // What cannot be restored stays in the journal: the next start tries again.
    process.exitCode = 1;
  });
});
process.stdin.resume();
process.stdout.on('error', () => undefined);
process.stdout.write('ready');
