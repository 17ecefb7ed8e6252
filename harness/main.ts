import yargs from 'yargs';
import { EXIT, fileError, HostError, InputError, systemErrorCode } from './base/errors.js';
import { nearestOf } from './base/nearest.js';
import type { Command } from './commands/flags.js';
import { VERSION } from './metrics/host.js';

/** Flags that may be given several times. */
const REPEATABLE = new Set([
  '_',
  'policyModule',
  'policy-module',
  'param',
  'meta',
  'with',
  'command',
  'traces',
  'policies',
  'folders',
  'option',
]);

function noFlagTwice(args: Record<string, unknown>): true {
  for (const [flag, value] of Object.entries(args)) {
    if (Array.isArray(value) && !REPEATABLE.has(flag)) {
      throw new InputError(`--${flag} is given ${value.length} times, expected once`);
    }
  }
  return true;
}

/** Loads the file of a command when it is used: most of the start-up time goes to what commands import. */
function lazily(usage: string, load: () => Promise<Command>) {
  const name = usage.split(' ')[0]!;
  return [
    async (args: Parameters<Command['builder']>[0]) => {
      const { withExample } = await import('./commands/examples.js');
      return withExample((await load()).builder(args), name);
    },
    async (args: unknown) => (await load()).handler(args as never),
  ] as const;
}

// Not `note` of commands/terminal.ts: with it the progress bar would be loaded by every command.
function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Says what went wrong. Returns the exit code. */
function report(error: unknown): number {
  const cause = systemProblem(error) ?? error;
  // YError is what yargs throws for a flag without its value.
  if (cause instanceof InputError || (cause instanceof Error && cause.name === 'YError')) {
    note(`reclaim: ${cause.message}`);
    return EXIT.badInput;
  }
  if (cause instanceof HostError) {
    note(`reclaim: ${cause.message}`);
    return EXIT.hostCannot;
  }
  note(`reclaim: internal error, please report it\n${cause instanceof Error ? cause.stack : cause}`);
  return EXIT.internal;
}

/**
 * A failed system call that nothing has explained, as one line: what is wrong with the file that it names, or what the host
 * has run out of. Undefined for other errors.
 */
function systemProblem(error: unknown): InputError | HostError | undefined {
  if (!(error instanceof Error) || systemErrorCode(error) === undefined) return undefined;
  const { path, syscall } = error as NodeJS.ErrnoException;
  const cause = fileError(error, path ?? syscall ?? 'this host');
  if (cause instanceof HostError) return cause;
  return cause instanceof InputError && path !== undefined ? cause : undefined;
}

/** Ends the process for an error that no command has caught. Exit code 1, which Node has for these, is a verdict of the gate. */
function fail(error: unknown): void {
  process.exit(report(error));
}

/** Handles errors that come outside of any command. */
function watch(): void {
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  // Node's own listener prints them with the number of the process.
  process.removeAllListeners('warning');
  process.on('warning', ({ message }) => note(`reclaim: ${message}`));
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Its reader has seen enough (| head).
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.closedOutput);
    fail(fileError(error, '(standard output)'));
  });
  // What cannot be said there can be said nowhere; the exit code still tells.
  process.stderr.on('error', () => undefined);
}

/** What yargs passes to its handler of failures: the flags and commands of the command that has failed. */
interface Usage {
  getDescriptions(): Readonly<Record<string, unknown>>;
  /** Each begins with its usage, as in `replay <trace>`. */
  getCommands(): readonly (readonly [string, ...unknown[]])[];
}

/** What yargs finds wrong with the arguments; of an unknown one, what was probably meant. */
function usageProblem(message: string, usage: Usage): string {
  // Of a name with hyphens it lists both spellings; what follows an unknown command is not known either.
  const name = /^Unknown arguments?: ([^,]+)/.exec(message)?.[1];
  if (name === undefined) return message.replace(/^Did you mean (.*)\?$/, 'unknown action; did you mean $1?');
  const commands = usage.getCommands().map(([command]) => command.split(' ')[0]!);
  const isFlag = !process.argv.includes(name);
  if (!isFlag && commands.length === 0) return `unexpected argument "${name}"`;
  const near = nearestOf(name, isFlag ? Object.keys(usage.getDescriptions()) : commands);
  const dashes = isFlag ? '--' : '';
  const hint = near === undefined ? '' : `; did you mean ${dashes}${near}?`;
  return `${isFlag ? `unknown flag ${dashes}${name}` : `unknown command "${name}"`}${hint}`;
}

/** Usage and summary of each command, and what loads it. */
const COMMANDS: readonly (readonly [usage: string, summary: string, load: () => Promise<Command>])[] = [
  [
    'compare [experiment]',
    'run all policies of an experiment on its traces, or on a trace of yours, and compare them',
    async () => (await import('./commands/compare.js')).compare,
  ],
  [
    'replay <trace>',
    'replay one trace under one policy of each kind and print its metrics',
    async () => (await import('./commands/replay.js')).replay,
  ],
  [
    'mrc <trace>',
    'count the misses of replacement policies at many cache sizes, from page numbers alone',
    async () => (await import('./commands/mrc.js')).mrc,
  ],
  [
    'record <output> [command..]',
    'record a program of your own as a trace: calls and first accesses, or every page',
    async () => (await import('./commands/record.js')).record,
  ],
  [
    'trace <action>',
    'inspect, validate, convert, import and generate traces',
    async () => (await import('./commands/trace.js')).trace,
  ],
  [
    'report <results>',
    'write report.html of a folder of results, and its figures for a paper: PDF, SVG or PNG',
    async () => (await import('./commands/report.js')).report,
  ],
  [
    'init <kind> [file]',
    'begin an experiment, a policy, a workload, or a gate in CI: writes a commented file',
    async () => (await import('./commands/init.js')).init,
  ],
  [
    'diff <a> <b>',
    'set two folders of results side by side, cell by cell, the worst change first',
    async () => (await import('./commands/diff.js')).diff,
  ],
  [
    'gate [baseline] [candidate]',
    'compare results with a baseline; exit code 1 on a regression',
    async () => (await import('./commands/gate.js')).gate,
  ],
  [
    'plan [experiment]',
    'plan an experiment for many processes or hosts: a cell a line, with what it is expected to take',
    async () => (await import('./commands/plan.js')).plan,
  ],
  [
    'run <plan>',
    'run the cells of a plan, or a shard of it; what is finished is kept',
    async () => (await import('./commands/run.js')).run,
  ],
  [
    'merge <plan> [folders..]',
    'make the finished cells of a plan into results, as reclaim compare writes them',
    async () => (await import('./commands/merge.js')).merge,
  ],
  [
    'submit <scheduler> <plan>',
    'write, and with --go submit, the jobs of a plan for Slurm or Kubernetes',
    async () => (await import('./commands/submit.js')).submitCommand,
  ],
  [
    'fidelity <traces..>',
    'compare the simulated kernel with a live one, trace by trace; exit code 1 where they differ',
    async () => (await import('./commands/fidelity.js')).fidelity,
  ],
  [
    'calibrate',
    'measure what faults, calls and devices of this host cost, as a cost table',
    async () => (await import('./commands/calibrate.js')).calibrate,
  ],
  [
    'bench',
    'time readers, policies and the machine on this host',
    async () => (await import('./commands/bench.js')).bench,
  ],
  [
    'policies [name]',
    'list all policies with their parameters',
    async () => (await import('./commands/lists.js')).policies,
  ],
  [
    'metrics [name]',
    'list all metrics with their units and meaning',
    async () => (await import('./commands/lists.js')).metrics,
  ],
  [
    'readers [name]',
    "list the readers of other people's formats with their parameters",
    async () => (await import('./commands/lists.js')).readers,
  ],
  [
    'workloads [name]',
    'list the generators of synthetic traces',
    async () => (await import('./commands/lists.js')).workloads,
  ],
];

/** The flag with which the completion script asks, before the words of its command line. */
const ASKS = '--get-yargs-completions';

/** Prints the names that may stand where the shell completes. Returns false where that is for yargs to say: commands, flags and choices. */
async function completeNames(words: readonly string[]): Promise<boolean> {
  const { completionsOf } = await import('./commands/complete.js');
  const names = completionsOf(words);
  if (names) process.stdout.write(`${names.join('\n')}\n`);
  return names !== undefined;
}

/** The commands, for the arguments of this process. */
function makeParser() {
  const parser = yargs(process.argv.slice(2))
    .scriptName('reclaim')
    .usage('$0 <command>\n\nHow should a program give memory back, and what does it cost?')
    .version(VERSION)
    .strict()
    .check(noFlagTwice)
    .demandCommand(1, 'a command is required')
    .completion('completion', 'print a shell completion script')
    .exitProcess(false)
    .fail((message, error, usage) => {
      // Its type says otherwise.
      throw (
        error ?? new InputError(`${usageProblem(message, usage as unknown as Usage)} (see reclaim --help)`)
      );
    });
  for (const [usage, summary, load] of COMMANDS) parser.command(usage, summary, ...lazily(usage, load));
  return parser;
}

/** What yargs does not say of itself. */
interface Internals {
  getInternalMethods(): { getUsageInstance(): { cacheHelpMessage(): void } };
}

/** Runs the command that the arguments of the process name. */
export async function main(): Promise<void> {
  watch();
  const asked = process.argv[2] === ASKS;
  if (asked && (await completeNames(process.argv.slice(3)))) return;
  const parser = makeParser();
  // After each command it lays out the help that could be asked for then; here that is a tenth of a short command.
  (parser as unknown as Internals).getInternalMethods().getUsageInstance().cacheHelpMessage = () => undefined;
  try {
    await parser.parseAsync();
  } catch (error) {
    // A module of a command that cannot be loaded: who started this knows why.
    if (error instanceof Error && 'code' in error && /MODULE_NOT_FOUND$/.test(String(error.code)))
      throw error;
    // A line that is completed is seldom right already.
    if (!asked) process.exitCode = report(error);
  }
}
