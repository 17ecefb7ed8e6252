import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { HostError } from '../../base/errors.js';
import { startOf } from '../../base/processes.js';
import type { Guard } from '../../guard/guard.js';
import { INSTANCE_PREFIX } from '../../guard/tracing.js';

/** The buffer of a CPU in KiB: a drained one held 25 000 faults a second without a loss. */
const BUFFER_KIB = 16384;
const MIN_BUFFER_KIB = 1024;
/** The part of the available memory that the buffers of all CPUs may take. */
const SHARE_OF_MEMORY = 1 / 8;

/** What is written into an instance, in this order. It is off until everything is set up: else other programs are recorded. */
const SETTINGS = [
  ['tracing_on', '0'],
  ['trace_clock', 'mono'],
  ['options/event-fork', '1'],
  // What does not fit is dropped: of two losses, that of the beginning, with its mappings, is the worse one.
  ['options/overwrite', '0'],
] as const;

/** KiB of the buffer of a CPU that fit into memory. Source: proc_meminfo(5). */
function defaultBufferKib(): number {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  const fits = (Number(available ?? 0) * SHARE_OF_MEMORY) / cpus().length;
  return Math.round(Math.min(BUFFER_KIB, Math.max(MIN_BUFFER_KIB, fits)));
}

/** A tracing instance of our own: other instances, and the kernel's main one, are left alone. */
export class Instance {
  /** Tracepoints that this kernel does not have. */
  readonly missing: string[] = [];

  private constructor(readonly path: string) {}

  /**
   * Makes an instance with all tracepoints, off.
   *
   * @param bufferKib the buffer of each CPU
   * @throws HostError where the kernel refuses
   */
  static create(tracefs: string, guard: Guard, bufferKib = defaultBufferKib()): Instance {
    const path = join(tracefs, 'instances', `${INSTANCE_PREFIX}${process.pid}-${startOf(process.pid)}`);
    guard.journal({ kind: 'instance', path });
    const instance = new Instance(path);
    try {
      mkdirSync(path);
      for (const [file, value] of SETTINGS) instance.write(file, value);
      instance.write('buffer_size_kb', `${bufferKib}`);
    } catch (error) {
      throw new HostError(`a tracing instance cannot be made: ${(error as Error).message}`);
    }
    return instance;
  }

  /** Enables tracepoints; call it when `follow` has said whose they are. */
  enable(tracepoints: readonly string[]): void {
    for (const name of tracepoints) {
      const file = join('events', name, 'enable');
      if (existsSync(join(this.path, file))) this.write(file, '1');
      else this.missing.push(name.replace(/^.*\//, ''));
    }
  }

  /** Records these threads, and all that they start. */
  follow(threads: readonly number[]): void {
    this.write('set_event_pid', threads.join(' '));
  }

  /** The threads that are recorded now: those that ended are not. */
  followed(): number[] {
    return readFileSync(join(this.path, 'set_event_pid'), 'utf8').split('\n').filter(Boolean).map(Number);
  }

  switch(on: boolean): void {
    this.write('tracing_on', on ? '1' : '0');
  }

  get pipe(): string {
    return join(this.path, 'trace_pipe');
  }

  /** Sums a count over the CPUs, as `entries`: those not yet read. Source: Documentation/trace/ftrace.rst, per_cpu/cpuN/stats. */
  count(...names: readonly string[]): number {
    const folder = join(this.path, 'per_cpu');
    let sum = 0;
    for (const cpu of readdirSync(folder)) {
      const stats = readFileSync(join(folder, cpu, 'stats'), 'utf8');
      for (const [, name, value] of stats.matchAll(/^([a-z ]+): (\d+)$/gm))
        if (names.includes(name!)) sum += Number(value);
    }
    return sum;
  }

  /** Events that the kernel has dropped. */
  lost(): number {
    return this.count('overrun', 'commit overrun', 'dropped events');
  }

  private write(file: string, value: string): void {
    writeFileSync(join(this.path, file), value);
  }
}
