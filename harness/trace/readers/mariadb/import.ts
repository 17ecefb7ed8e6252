import { PAGE_BYTES, PAGES_PER_MIB } from '../../../base/page.js';
import { BLOCK_EVENTS, BlockBuilder, type EventBlock } from '../../block.js';
import { TraceMeta } from '../../meta.js';
import type { TraceSource } from '../../source.js';
import type { LineAccount } from '../account.js';
import { type Call, leaveCall, THREAD_END, useCall } from '../calls/call.js';
import { clockOffset } from '../faults/clocks.js';
import { type RecordedFault, readFaults } from '../faults/side.js';
import { type EventReader, FIT, type ReaderInput } from '../reader.js';
import { detectCalls } from '../strace/detect.js';
import { readCalls } from '../strace/read.js';
import { findPool, type Pool, type PoolCall } from './pool.js';

/** One growth could be followed by any fault: only the time between two is a pattern to find again. */
const FEWEST_GROWTHS = 2;
/** Events that a call adds. */
const CALL_EVENTS = 2;

/** Writes what happened to the pool while faults were recorded. */
class PoolWriter {
  readonly builder = new BlockBuilder();
  private next = 0;

  constructor(
    private readonly pool: Pool,
    /** By time of the trace, and from its start on. */
    private readonly calls: readonly PoolCall[],
    private readonly faults: readonly RecordedFault[],
    private readonly endUs: number,
  ) {}

  *blocks(): Generator<EventBlock> {
    const { builder, pool } = this;
    const { process: space, start, end } = pool;
    builder.add(0, 'spawn', { space, text: 'mariadbd' });
    builder.add(0, 'map', { space, page: start, count: end - start, text: 'anon' });
    for (const { timeUs, page, write } of this.faults) {
      yield* this.callsUntil(timeUs);
      if (builder.full) yield builder.take();
      builder.addTouch(timeUs, write === true, space, page, 1);
    }
    yield* this.callsUntil(this.endUs);
    if (builder.full) yield builder.take();
    builder.add(this.endUs, 'mark', { text: 'end' });
    yield builder.take();
  }

  private *callsUntil(timeUs: number): Generator<EventBlock> {
    for (; this.next < this.calls.length; this.next++) {
      const call = this.calls[this.next]!;
      if (call.timeUs > timeUs) return;
      if (this.builder.length > BLOCK_EVENTS - CALL_EVENTS) yield this.builder.take();
      this.call(call);
    }
  }

  private call({ timeUs, kind, start, end }: PoolCall): void {
    const fields = { space: this.pool.process, page: start, count: end - start };
    const mib = ((kind === 'map' ? end : start) - this.pool.start) / PAGES_PER_MIB;
    const text = `pool ${kind === 'map' ? 'grows' : 'shrinks'} to ${mib} MiB`;
    this.builder.add(timeUs, 'mark', { text });
    this.builder.add(timeUs, kind, kind === 'map' ? { ...fields, text: 'anon' } : fields);
  }
}

/** Counts what became of the calls of a log. @param written those of the pool that are in the trace */
function countCalls(
  logged: readonly Call[],
  pool: Pool,
  written: ReadonlySet<Call>,
  account: LineAccount,
): void {
  const kinds = new Map(pool.calls.map(({ call, kind }) => [call, kind]));
  for (const call of logged) {
    const kind = kinds.get(call);
    // Where the pool is and when it grew, mappings from before say too.
    if (written.has(call) || kind === 'map' || call === pool.reservation) useCall(account, call);
    else if (kind) leaveCall(account, call, 'drops in the buffer pool while no faults were recorded');
    else if (call.name === THREAD_END) leaveCall(account, call, 'ends of threads');
    else if (call.result < 0) leaveCall(account, call, `calls of ${call.name} that failed`);
    else leaveCall(account, call, `calls of ${call.name} that are not of the buffer pool`);
  }
}

function timeOfDay(us: number): string {
  return new Date(us / 1000).toISOString().slice(11, 23);
}

/** @param startUs when the first fault was, by the clock of the log */
function metadata(startUs: number, left: number): TraceMeta {
  return new TraceMeta([
    ['page_size', String(PAGE_BYTES)],
    ['clock', `microseconds since the first page fault, at ${timeOfDay(startUs)} of the log`],
    ['provenance', 'recorded'],
    ['provenance.clock-offset', 'inferred'],
    ['touches', 'first-access'],
    [
      'note',
      `accesses are the recorded page faults in the buffer pool: first accesses, and first ones after a drop; ${left} faults elsewhere are left out`,
    ],
  ]);
}

/**
 * Opens resizes of InnoDB's buffer pool as a trace: a log of strace, whose MADV_DONTNEED become `discard`, with the page faults
 * that were recorded with it as accesses. The trace covers the time in which faults were recorded; what was mapped
 * before is mapped at its start, and empty. The clocks of log and faults are compared by what must follow one another.
 *
 * @throws InputError with the place of what is wrong, or where the clocks cannot be compared
 */
async function open(input: ReaderInput): Promise<TraceSource> {
  const { calls: logged } = await readCalls(input);
  const pool = findPool(logged, input.file);
  const faultsFile = input.sides.faults!;
  const faults = await readFaults(faultsFile, 'reads');
  const growths = pool.calls.filter(({ kind }) => kind === 'map');
  const offsetUs = clockOffset(growths, faults, {
    what: 'growths of the pool',
    fewest: FEWEST_GROWTHS,
    file: faultsFile.file,
  }).offset;
  const startUs = faults[0]!.timeUs;
  const inPool = faults
    .filter(({ page }) => page >= pool.start && page < pool.end)
    .map((fault) => ({ ...fault, timeUs: fault.timeUs - startUs }));
  const endUs = faults.at(-1)!.timeUs - startUs;
  const calls = pool.calls
    .map((call) => ({ ...call, timeUs: call.timeUs + offsetUs - startUs }))
    .filter(({ timeUs }) => timeUs >= 0 && timeUs <= endUs);
  countCalls(logged, pool, new Set(calls.map(({ call }) => call)), input.account);
  const writer = new PoolWriter(pool, calls, inPool, endUs);
  const left = faults.length - inPool.length;
  faultsFile.account.use(inPool.length);
  faultsFile.account.leave('page faults outside the buffer pool', left);
  return {
    meta: metadata(startUs - offsetUs, left),
    strings: writer.builder.strings,
    blocks: () => writer.blocks(),
  };
}

export const mariadb: EventReader = {
  yields: 'events',
  threadFiles: true,
  name: 'mariadb',
  summary:
    'a log of strace -f -tt -T (or -ttt) of a server with InnoDB that resizes its buffer pool, and its page faults',
  source: 'https://mariadb.com/kb/en/innodb-system-variables/#innodb_buffer_pool_size',
  family: 'logs of calls',
  extensions: [],
  parameters: {},
  sides: {
    faults: {
      meaning:
        'the page faults of the database, recorded with the log: the tracepoint page_fault_user, as ftrace or perf script prints it',
      required: true,
    },
  },
  // Any log of strace may be one: it is read so only where it is asked for, as strace fits better.
  detect: (head) => detectCalls(head, FIT.possible),
  open,
};
