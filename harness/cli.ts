// Imports nothing before it can say what is wrong: where a process may open few files, that starts with its own modules.

/** What a report of Node says of the limits of this process. */
interface Limits {
  readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } };
}
/** Open files with which all modules of a command can be loaded. */
const MODULES_NEED = 256;

async function run(): Promise<void> {
  const [flag, ...more] = process.argv.slice(2);
  if (flag === '--version' && more.length === 0) {
    // Needs no parser, whose code is most of what a short command loads.
    const { VERSION } = await import('./metrics/host.js');
    process.stdout.write(`${VERSION}\n`);
  } else {
    const { main } = await import('./main.js');
    await main();
  }
}

/** Says why the program could not be loaded, or where it is wrong. */
function fail(error: unknown): void {
  const { code, path, syscall, stack } = error as NodeJS.ErrnoException;
  const isGone = syscall === 'uv_cwd';
  // Node cannot tell a package that is not there from one that it may not open.
  const limits = /MODULE_NOT_FOUND$/.test(code ?? '') ? process.report.getReport() : undefined;
  const { soft } = (limits as Limits | undefined)?.userLimits?.open_files ?? {};
  const isLimited = Number(soft) < MODULES_NEED;
  const isHost = isGone || isLimited || code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM';
  const problem = code === 'ENOMEM' ? 'out of memory' : 'too many open files (ulimit -n)';
  const cause = isGone
    ? 'the current folder was removed'
    : `${path ?? 'modules of this program'}: ${problem}`;
  process.stderr.write(`reclaim: ${isHost ? cause : `internal error, please report it\n${stack}`}\n`);
  process.exitCode = isHost ? 3 : 70;
}

/** Tests run several commands in one process. */
export const ended: Promise<void> = run().catch(fail);
