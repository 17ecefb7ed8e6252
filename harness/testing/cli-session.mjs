// Runs commands of the built command line one after another in one process: starting a process is most of what a short
// command takes. Each is a line on standard input, answered by a line on descriptor 3; started by cli-session.ts.
//
// Usage: node cli-session.mjs CLI   where CLI is the entry of the bundle
import { readSync, writeSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { basename, dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';

const [, , cli] = process.argv;
const ANSWERS = 3;
/** What may still be active after a command: the standard streams. */
const STREAMS = new Set(['PipeWrap', 'TTYWrap', 'FSReqCallback']);
/** A command whose process would not have ended by then is one that never ends. */
const END_MS = 20_000;

/** The next line of standard input, waiting for it; undefined at its end. */
function nextLine() {
  const bytes = [];
  const buffer = Buffer.alloc(65_536);
  for (;;) {
    const read = readSync(0, buffer);
    if (read === 0) return undefined;
    bytes.push(Buffer.from(buffer.subarray(0, read)));
    // There is one line at a time: the next one is written after the answer.
    if (buffer[read - 1] === 10) return Buffer.concat(bytes).toString();
  }
}

/** Keeps what is written to a stream. Returns how to get it. */
function captured(stream) {
  const parts = [];
  stream.write = (chunk, encoding, done) => {
    const callback = typeof encoding === 'function' ? encoding : done;
    parts.push(typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk));
    if (callback) process.nextTick(callback);
    return true;
  };
  return () => Buffer.concat(parts).toString();
}

/** Waits until nothing is left that would keep a process from ending. Returns what is still active. */
async function settled() {
  const deadline = Date.now() + END_MS;
  for (;;) {
    const active = process.getActiveResourcesInfo().filter((name) => !STREAMS.has(name));
    if (active.length === 0 || Date.now() > deadline) return active;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The listeners that a command may add, and that the next one must not find. */
function listeners() {
  return [process, process.stdout, process.stderr].flatMap((emitter) =>
    emitter.eventNames().map((event) => ({ emitter, event, known: new Set(emitter.listeners(event)) })),
  );
}

function removeOthers(before) {
  for (const emitter of [process, process.stdout, process.stderr])
    for (const event of emitter.eventNames()) {
      const known = before.find((entry) => entry.emitter === emitter && entry.event === event)?.known;
      for (const listener of emitter.listeners(event))
        if (!known?.has(listener)) emitter.removeListener(event, listener);
    }
}

// Other tests have the second core: a second worker would load what draws figures once more, half a second for each report.
os.availableParallelism = () => 1;
syncBuiltinESMExports();

// Before code is compiled for speed it runs four times as long as V8 would let it: a tenth less CPU time, as most commands are short.
setFlagsFromString('--interrupt-budget=300000');

/** What runs an entry of the bundle, as its file does. */
const { start } = createRequire(cli)('./start.cjs');

/** Makes the environment what that of the command's own process would be. */
function setEnvironment(env) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
}

/** Runs one command as its own process would: `process.exit` ends it as well. */
async function run({ args, cwd, env }) {
  process.chdir(cwd);
  setEnvironment(env);
  process.argv = [process.execPath, cli, ...args];
  process.exitCode = undefined;
  const before = listeners();
  const stdout = captured(process.stdout);
  const stderr = captured(process.stderr);
  const exited = new Promise((resolve) => {
    process.exit = (code = process.exitCode) => {
      process.exitCode = code;
      resolve([]);
      throw new Error('process.exit');
    };
  });
  const { ended } = start(dirname(cli), `${basename(cli, '.cjs')}-main.cjs`);
  const active = await Promise.race([exited, ended.then(settled)]);
  // What removes files at the end of the process.
  for (const listener of process.listeners('exit'))
    if (isNew(before, listener)) listener(process.exitCode ?? 0);
  removeOthers(before);
  return { code: process.exitCode ?? 0, stdout: stdout(), stderr: stderr(), active };
}

function isNew(before, listener) {
  const known = before.find(({ emitter, event }) => emitter === process && event === 'exit')?.known;
  return !known?.has(listener);
}

for (let line = nextLine(); line !== undefined; line = nextLine()) {
  const answer = await run(JSON.parse(line));
  writeSync(ANSWERS, `${JSON.stringify(answer)}\n`);
}
