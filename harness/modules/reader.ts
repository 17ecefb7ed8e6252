import { InputError } from '../base/errors.js';
import { Border, type ModuleOrigin, PolicyOffence, shownValue } from '../policy/border/border.js';
import { TimeLimit, within } from '../policy/border/time-limit.js';
import type { EventBlock } from '../trace/block.js';
import { TraceMeta } from '../trace/meta.js';
import type { LineAccount } from '../trace/readers/account.js';
import {
  type Detection,
  type EventReader,
  FIT,
  misfit,
  type Reader,
  type ReaderInput,
  type RequestReader,
} from '../trace/readers/reader.js';
import { wholeLines } from '../trace/readers/scan/lines.js';
import { takeLine } from '../trace/readers/scan/pages.js';
import { RequestBatch } from '../trace/requests/batch.js';
import type { TraceSource } from '../trace/source.js';
import type { LineReader, ModuleEventReader, ModuleReader, ModuleRequestReader } from './contract.js';
import { EventLines } from './event-lines.js';
import { RequestWriter } from './request-writer.js';

type Decoder = InstanceType<typeof TextDecoder>;

/** What lines of a file became, with the number of the line of each. */
interface Read<T> {
  readonly values: T[];
  readonly lines: number[];
}

/** Reads the lines of one file with a reader of a module: each is counted once, and what it throws has the line's place. */
class FileLines<T> {
  private readonly reader: LineReader<T>;
  private readonly limit: TimeLimit | undefined;
  private number = 0;

  constructor(
    private readonly border: Border,
    private readonly input: ReaderInput,
    create: (context: { readonly values: ReaderInput['values'] }) => LineReader<T>,
  ) {
    this.limit = TimeLimit.of([{ module: border.module! }]);
    const values = Object.freeze({ ...input.values });
    this.reader = within(this.limit, () => border.call('create', () => create({ values })));
    if (typeof this.reader?.line !== 'function')
      throw border.offence(
        `create returned ${shownValue(this.reader)}, expected an object with a method line`,
      );
  }

  /** The error for a line. */
  wrong(line: number, what: string): InputError {
    return new InputError(`${this.border.policy} of ${this.border.module!.file}: ${what}`, {
      file: this.input.file,
      ...(line > 0 && { line }),
    });
  }

  /** What lines yield, some at a time. */
  async *all(): AsyncGenerator<Read<T>> {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for await (const chunk of wholeLines(this.input)) {
      const texts = this.decoded(decoder, chunk).split('\n');
      texts.pop();
      yield within(this.limit, () => this.read(texts));
    }
    if (this.reader.end === undefined) return;
    const values = within(this.limit, () => this.border.call('end', () => this.reader.end!()));
    if (!Array.isArray(values))
      throw this.border.offence(`end returned ${shownValue(values)}, expected an array`);
    yield { values: [...values], lines: values.map(() => 0) };
  }

  private decoded(decoder: Decoder, chunk: Uint8Array): string {
    try {
      return decoder.decode(chunk);
    } catch {
      throw new InputError(`this is not UTF-8 text, expected lines for ${this.border.policy}`, {
        file: this.input.file,
      });
    }
  }

  private read(texts: readonly string[]): Read<T> {
    const read: Read<T> = { values: [], lines: [] };
    for (const text of texts) {
      this.number++;
      this.add(read, this.line(text.replace(/\r$/, '')));
    }
    return read;
  }

  private line(text: string): unknown {
    try {
      return this.border.call('line', () => this.reader.line(text, this.number));
    } catch (error) {
      // What the policy border says begins with the module; here the line comes first.
      if (!(error instanceof PolicyOffence)) throw error;
      const [, what = error.what] = /^.*?: line threw Error: (.*)$/s.exec(error.what) ?? [];
      throw this.wrong(this.number, what.replace(`${this.border.policy}: `, ''));
    }
  }

  /** Counts a line, and keeps what it yields. */
  private add(read: Read<T>, result: unknown): void {
    const { account } = this.input;
    if (result === undefined || result === null) {
      account.join();
      return;
    }
    const reason = (result as { leave?: unknown }).leave;
    if (reason !== undefined) {
      if (typeof reason !== 'string' || reason === '')
        throw this.wrong(this.number, `line leaves it out for ${shownValue(reason)}, expected a reason`);
      account.leave(reason);
      return;
    }
    const values = (Array.isArray(result) ? result : [result]) as T[];
    if (values.length === 0) account.join();
    else account.use();
    for (const value of values) {
      read.values.push(value);
      read.lines.push(this.number);
    }
  }
}

async function* eventBlocks(file: FileLines<string>, events: EventLines<number>): AsyncGenerator<EventBlock> {
  for await (const { values, lines } of file.all()) yield* events.push(values, lines);
  yield* events.end();
}

function openEvents(info: ModuleEventReader, border: Border, input: ReaderInput): TraceSource {
  const file = new FileLines<string>(border, input, (context) => info.create(context));
  const events = new EventLines<number>((line, what) => file.wrong(line, what));
  const meta = new TraceMeta(Object.entries(info.meta ?? {}));
  return { meta, strings: events.strings, blocks: () => eventBlocks(file, events) };
}

async function* readRequests(
  info: ModuleRequestReader,
  border: Border,
  input: ReaderInput,
): AsyncGenerator<RequestBatch> {
  const file = new FileLines(border, input, (context) => info.create(context));
  const writer = new RequestWriter(info.timed === true);
  const batch = new RequestBatch();
  let requests = 0;
  for await (const { values, lines } of file.all())
    for (const [i, request] of values.entries()) {
      const wrong = writer.add(batch, request);
      if (wrong !== undefined) throw file.wrong(lines[i]!, wrong);
      if (input.pages) takeLine(input.pages, batch, batch.length - 1, input.file, lines[i]!);
      requests++;
      if (!batch.full) continue;
      yield batch;
      batch.length = 0;
    }
  if (requests === 0) throw noRequests(input.account, input.file);
  if (batch.length > 0) yield batch;
}

function noRequests({ leftOut }: LineAccount, file: string): InputError {
  const left = leftOut.map(([what, lines]) => `${what} (${lines})`).join(', ');
  return new InputError(
    `no requests in this file, expected at least one${left === '' ? '' : `; left out: ${left}`}`,
    { file },
  );
}

function detection(info: ModuleReader, border: Border, head: Uint8Array): Detection {
  if (info.detect === undefined) return misfit('it is read only where --reader names it');
  const text = Buffer.from(head).toString('utf8');
  const fits: unknown = within(TimeLimit.of([{ module: border.module! }]), () =>
    border.call('detect', () => info.detect!(text)),
  );
  if (typeof fits !== 'boolean')
    throw border.offence(`detect returned ${shownValue(fits)}, expected true or false`);
  return fits ? { fit: FIT.certain } : misfit('its detect says that this is another format');
}

const ID_BYTES = { object: 512, block: 512, memory: 1 } as const;

/** A reader of a module: what it says of a line is checked, and names the file and the line. */
export function checkedReader(info: ModuleReader, module: ModuleOrigin): Reader {
  const border = new Border(`reader ${info.name}`, module);
  const { name, summary, source, parameters, extensions = [] } = info;
  const entry = {
    ...{ name, summary, source, parameters, extensions, module, sides: {} },
    detect: (head: Uint8Array) => detection(info, border, head),
  };
  if (info.yields === 'events')
    return {
      ...entry,
      yields: 'events',
      open: async (input) => openEvents(info, border, input),
    } satisfies EventReader;
  return {
    ...entry,
    yields: 'requests',
    kind: info.kind,
    idBytes: info.idBytes ?? ID_BYTES[info.kind],
    timed: info.timed === true,
    read: (input) => readRequests(info, border, input),
  } satisfies RequestReader;
}
