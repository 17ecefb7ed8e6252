import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { HostError } from '../../base/errors.js';
import type { Guard } from '../../guard/guard.js';
import { spawnQuietly } from '../../guard/spawn.js';
import { lostEvents } from '../../trace/readers/faults/line.js';
import { type Helper, startHelper } from '../helper.js';
import { lookUp, readProc } from '../process.js';

/** The largest kernel.perf_event_paranoid that lets a user record the page faults of programs of their own. Source: perf_event_open(2). */
const MAX_PARANOID = 2;
const DATA = 'perf.data';
/** What perf itself says, for messages. */
const LOG = 'perf.log';
/** The file of page faults in the raw folder. */
export const FAULTS = 'faults.txt';

/** Why page faults cannot be recorded by this user, as part of a sentence; undefined where they can. */
export function whyNoFaults(): string | undefined {
  if (lookUp('perf') === undefined) return 'page faults need root or perf (not found: perf)';
  const level = Number(readProc('/proc/sys/kernel/perf_event_paranoid') ?? Number.NaN);
  if (process.getuid?.() === 0 || level <= MAX_PARANOID) return undefined;
  const is = Number.isNaN(level) ? 'this kernel has no perf events' : `is ${level}`;
  return `page faults need root or kernel.perf_event_paranoid <= ${MAX_PARANOID} (${is})`;
}

/** Events that perf says it has lost. @param text the file of its lines */
async function lostIn(text: string): Promise<number> {
  let lost = 0;
  for await (const line of createInterface({ input: createReadStream(text) })) lost += lostEvents(line);
  return lost;
}

/** A recording of page faults by perf. */
export class FaultRecorder {
  private constructor(
    private readonly raw: string,
    private readonly folder: string,
    readonly helper: Helper,
  ) {}

  /**
   * Records the page faults of processes and of all that they start. Returns when it does.
   *
   * @param folder where perf's own files are
   * @throws HostError where perf refuses
   */
  static async start(
    pids: readonly number[],
    raw: string,
    folder: string,
    guard: Guard,
  ): Promise<FaultRecorder> {
    const helper = startHelper(
      guard,
      join(folder, LOG),
      [
        ...['perf', 'record', '-q', '-k', 'mono', '-e', 'page-faults:u', '-c', '1', '-d', '-T'],
        ...['-o', join(folder, DATA), '-p', pids.join(','), '-D', '-1', '--control', 'fd:3,4'],
      ],
      ['pipe', 'pipe'],
    );
    const control = helper.child.stdio[3] as Writable;
    const answers = helper.child.stdio[4] as Readable;
    for (const pipe of [control, answers]) pipe.on('error', () => undefined);
    helper.release();
    control.write('enable\n');
    const answered = new Promise<'enabled'>((done) => answers.once('data', () => done('enabled')));
    const how = await Promise.race([answered, helper.ended]);
    if (how !== 'enabled') {
      const said = (readProc(join(folder, LOG)) ?? '').split('\n').find((line) => line.trim() !== '');
      throw new HostError(
        `perf does not record page faults (${said ?? how}); pass --calls to record calls only`,
      );
    }
    return new FaultRecorder(raw, folder, helper);
  }

  /** Ends the recording and writes its faults as text. Returns how many were lost. @throws HostError where perf cannot write them */
  async stop(): Promise<number> {
    try {
      process.kill(this.helper.pid, 'SIGTERM');
    } catch {
      // It ends with the last process.
    }
    await this.helper.ended;
    const text = join(this.raw, FAULTS);
    const status = await spawnQuietly('/bin/sh', [
      '-c',
      'perf script -f --show-lost-events -F comm,pid,tid,time,event,addr -i "$1" >"$2" 2>/dev/null',
      'sh',
      join(this.folder, DATA),
      text,
    ]);
    if (status !== 0) throw new HostError('perf cannot write the page faults that it has recorded as text');
    return lostIn(text);
  }
}
