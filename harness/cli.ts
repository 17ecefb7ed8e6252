#!/usr/bin/env node
import yargs from 'yargs';
import { EXIT, HostError, InputError } from './base/errors.js';
import type { Command } from './commands/flags.js';
import { VERSION } from './metrics/host.js';

/** Flags that may be given several times. */
const REPEATABLE = new Set(['_', 'policyModule', 'policy-module', 'param', 'meta', 'with']);

function noFlagTwice(args: Record<string, unknown>): true {
  for (const [flag, value] of Object.entries(args)) {
    if (Array.isArray(value) && !REPEATABLE.has(flag)) {
      throw new InputError(`--${flag} is given ${value.length} times, expected once`);
    }
  }
  return true;
}

/** Loads the file of a command when it is used: most of the start-up time goes to what commands import. */
function lazily(load: () => Promise<Command>) {
  return [
    async (args: Parameters<Command['builder']>[0]) => (await load()).builder(args),
    async (args: unknown) => (await load()).handler(args as never),
  ] as const;
}

function report(error: unknown): void {
  // YError is what yargs throws for a flag without its value.
  if (error instanceof InputError || (error instanceof Error && error.name === 'YError')) {
    process.stderr.write(`reclaim: ${error.message}\n`);
    process.exitCode = EXIT.badInput;
  } else if (error instanceof HostError) {
    process.stderr.write(`reclaim: ${error.message}\n`);
    process.exitCode = EXIT.hostCannot;
  } else {
    process.stderr.write(
      `reclaim: internal error, please report it\n${error instanceof Error ? error.stack : error}\n`,
    );
    process.exitCode = EXIT.internal;
  }
}

// A closed pipe (| head) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

const parser = yargs(process.argv.slice(2))
  .scriptName('reclaim')
  .usage('$0 <command>\n\nHow should a program give memory back, and what does it cost?')
  .version(VERSION)
  .strict()
  .check(noFlagTwice)
  .demandCommand(1, 'a command is required, see reclaim --help')
  .recommendCommands()
  .completion('completion', 'print a shell completion script')
  .exitProcess(false)
  .fail((message, error) => {
    throw error ?? new InputError(`${message} (see reclaim --help)`);
  })
  .command(
    'compare [experiment]',
    'run all policies of an experiment on its traces and compare them',
    ...lazily(async () => (await import('./commands/compare.js')).compare),
  )
  .command(
    'replay <trace>',
    'replay one trace under one policy of each kind and print its metrics',
    ...lazily(async () => (await import('./commands/replay.js')).replay),
  )
  .command(
    'mrc <trace>',
    'count the misses of replacement policies at many cache sizes, from page numbers alone',
    ...lazily(async () => (await import('./commands/mrc.js')).mrc),
  )
  .command(
    'trace <action>',
    'inspect, validate, convert, import and generate traces',
    ...lazily(async () => (await import('./commands/trace.js')).trace),
  )
  .command(
    'report <results>',
    'write report.html of a folder of results, and its figures for a paper: PDF, SVG and PNG',
    ...lazily(async () => (await import('./commands/report.js')).report),
  )
  .command(
    'gate [baseline] [candidate]',
    'compare results with a baseline; exit code 1 on a regression',
    ...lazily(async () => (await import('./commands/gate.js')).gate),
  )
  .command(
    'bench',
    'time readers, policies and the machine on this host',
    ...lazily(async () => (await import('./commands/bench.js')).bench),
  )
  .command(
    'policies',
    'list all policies with their parameters',
    ...lazily(async () => (await import('./commands/lists.js')).policies),
  )
  .command(
    'metrics',
    'list all metrics with their units and meaning',
    ...lazily(async () => (await import('./commands/lists.js')).metrics),
  )
  .command(
    'readers',
    "list the readers of other people's formats with their parameters",
    ...lazily(async () => (await import('./commands/lists.js')).readers),
  )
  .command(
    'workloads',
    'list the generators of synthetic traces',
    ...lazily(async () => (await import('./commands/lists.js')).workloads),
  );

try {
  await parser.parseAsync();
} catch (error) {
  report(error);
}
