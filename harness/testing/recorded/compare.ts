/** First page of the interpreter's arena, and of what follows it. */
const ARENA = 2 ** 28;
const ARENA_END = ARENA + 512;

function isInArena(page: number): boolean {
  return page >= ARENA && page < ARENA_END;
}

/** An event of a trace, without its time. */
interface Event {
  readonly op: string;
  readonly space: number;
  readonly thread: string;
  readonly page: number;
  readonly count: number;
  readonly arg: string;
}

const TOUCHES = new Set(['read', 'write']);
const RANGES = new Set(['map', 'unmap', 'remap', 'protect', 'discard', 'read', 'write']);
const OTHERS = new Set(['fork', 'exit', 'pread', 'pwrite']);

function parse(line: string): Event {
  const [op = '', who = '', page, count, ...arg] = line.split(',');
  const [space = '', thread = ''] = who.split(':');
  return { op, space: Number(space), thread, page: Number(page), count: Number(count), arg: arg.join() };
}

const text = ({ op, space, thread, page, count, arg }: Event) =>
  `${op} ${space}:${thread} ${page}+${count} ${arg}`;

/** The pages of the heap that the script made: all that it mapped outside of the arena. */
function heapOf(log: readonly Event[]): Set<number> {
  const pages = new Set<number>();
  for (const { op, page, count } of log)
    if (op === 'map' && !isInArena(page)) for (let i = 0; i < count; i++) pages.add(page + i);
  return pages;
}

/** What of a recording is of the script's own memory and processes. */
function ofScript(events: readonly Event[], log: readonly Event[]): Event[] {
  const heap = heapOf(log);
  const children = new Set(log.filter(({ op }) => op === 'fork').map(({ arg }) => Number(arg)));
  const isOwn = ({ op, space, page, count }: Event) => {
    if (op === 'exit') return children.has(space);
    if (OTHERS.has(op)) return true;
    if (!RANGES.has(op)) return false;
    const inHeap = Array.from({ length: Math.min(count, 64) }, (_, i) => page + i).some((each) =>
      heap.has(each),
    );
    return isInArena(page) || inHeap;
  };
  return events.filter(isOwn).flatMap(eachPage);
}

/**
 * Accesses and unmappings page by page: a call that unmaps several mappings is an event each, and two calls for neighbors
 * follow each other where an access between them did not fault.
 */
function eachPage(event: Event): Event[] {
  if (!TOUCHES.has(event.op) && event.op !== 'unmap') return [event];
  return Array.from({ length: event.count }, (_, i) => ({
    ...event,
    page: event.page + i,
    count: 1,
    arg: '',
  }));
}

/** Events between two calls, and the call that ends them (undefined: the end). */
interface Stretch {
  readonly touches: readonly Event[];
  readonly call: Event | undefined;
}

function stretches(events: readonly Event[]): Stretch[] {
  const result: Stretch[] = [];
  let touches: Event[] = [];
  for (const event of events) {
    if (TOUCHES.has(event.op)) touches.push(event);
    else {
      result.push({ touches, call: event });
      touches = [];
    }
  }
  return [...result, { touches, call: undefined }];
}

/** Which accesses must fault: the first ones to pages of private anonymous memory that no fork has shared. */
class Absent {
  private spaces = new Map<number, Map<number, boolean>>();

  /** Whether an access must be in a recording of faults. */
  touch({ space, page }: Event): boolean {
    const pages = this.of(space);
    if (!pages.get(page)) return false;
    pages.set(page, false);
    return true;
  }

  apply({ op, space, page, count, arg }: Event): void {
    const pages = this.of(space);
    const each = (visit: (page: number) => void) => {
      for (let i = 0; i < count; i++) visit(page + i);
    };
    if (op === 'map' && arg === 'anon') each((at) => pages.set(at, true));
    else if (op === 'map' || op === 'unmap') each((at) => pages.delete(at));
    else if (op === 'discard' && arg === 'MADV_DONTNEED') each((at) => pages.set(at, true));
    // What is there stays in place, and may fault or not: false.
    else if (op === 'fork') this.spaces.set(Number(arg), new Map(pages));
    else if (op === 'remap') this.remap(pages, page, count, arg);
  }

  private remap(pages: Map<number, boolean>, page: number, count: number, arg: string): void {
    const [how, number] = arg.split('=');
    const isAnon = pages.has(page);
    for (let i = 0; i < count && how === 'to'; i++) {
      const state = pages.get(page + i);
      pages.delete(page + i);
      if (state !== undefined) pages.set(Number(number) + i, state);
    }
    for (let i = 0; i < Number(number) && how === 'grow' && isAnon; i++) pages.set(page + count + i, true);
  }

  private of(space: number): Map<number, boolean> {
    const known = this.spaces.get(space) ?? new Map<number, boolean>();
    this.spaces.set(space, known);
    return known;
  }
}

/** What differs within a stretch of a recording of faults: each is an access of the log, and all that must fault are there. */
function faultsWrong(log: readonly Event[], recorded: readonly Event[], absent: Absent): string | undefined {
  let next = 0;
  for (const event of log) {
    const must = absent.touch(event);
    const isThere = recorded[next] !== undefined && text(recorded[next]!) === text(event);
    if (must && !isThere)
      return `not recorded: ${text(event)}; recorded is ${recorded[next] ? text(recorded[next]!) : 'nothing'}`;
    // The kernel faults twice where it copies: it tries without waiting first.
    while (recorded[next] !== undefined && text(recorded[next]!) === text(event)) next++;
  }
  const more = recorded[next];
  return more && `not in the log: ${text(more)}`;
}

function accessesWrong(log: readonly Event[], recorded: readonly Event[]): string | undefined {
  for (let i = 0; i < Math.max(log.length, recorded.length); i++) {
    const [wanted, got] = [log[i], recorded[i]];
    if ((wanted && text(wanted)) !== (got && text(got)))
      return `recorded ${got ? text(got) : 'nothing'}, expected ${wanted ? text(wanted) : 'nothing'}`;
  }
  return undefined;
}

/**
 * What differs between the recording of a script and the log that the interpreter wrote; undefined where nothing does. All
 * calls must be there in order, and between them the accesses: all of them, or of `faults` those that are sure to fault, and no others
 * than the log has.
 *
 * @param log lines of the interpreter's log
 * @param events of the recording's trace, without their times
 */
export function recordingDiffers(
  log: readonly string[],
  events: readonly string[],
  accesses: 'all' | 'faults',
): string | undefined {
  const own = log.map(parse);
  const wanted = stretches(own.flatMap(eachPage));
  const got = stretches(ofScript(events.map(parse), own));
  const absent = new Absent();
  for (const [i, { touches, call }] of wanted.entries()) {
    const other = got[i];
    const calls = [call, other?.call].map((event) => (event ? text(event) : 'nothing'));
    if (calls[0] !== calls[1]) return `call ${i + 1}: recorded ${calls[1]}, expected ${calls[0]}`;
    const wrong =
      accesses === 'all'
        ? accessesWrong(touches, other!.touches)
        : faultsWrong(touches, other!.touches, absent);
    if (wrong !== undefined) return `before call ${i + 1} (${calls[0]}): ${wrong}`;
    if (call) absent.apply(call);
  }
  return got.length > wanted.length
    ? `call ${wanted.length}: recorded ${text(got[wanted.length - 1]!.call!)}, expected nothing`
    : undefined;
}
