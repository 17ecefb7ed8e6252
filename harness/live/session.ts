import { readSync, writeSync } from 'node:fs';
import { HostError } from '../base/errors.js';
import type { Errno } from '../policy/discard/contract.js';
import {
  ANSWER_WORDS,
  ANSWERS_AT,
  type Answer,
  errnoName,
  LIVE_OP,
  MOST_OPS,
  OP_WORDS,
  OPS_AT,
  TEXT_AT,
  TEXT_BYTES,
} from './protocol.js';

/** The executor has not answered in time, and is not asked again. */
export class LiveTimeout extends HostError {}

/** An executor that runs, wherever that is. */
export interface Channel {
  /** Descriptor of the file that is shared with it. */
  readonly shared: number;
  /**
   * Hands over, and waits until the executor hands over again.
   *
   * @throws HostError where it has ended; LiveTimeout where it takes longer than it may
   */
  exchange(): void;
  /** Ends it. */
  close(): Promise<void>;
}

/** Fields of an op; absent ones are 0. Whole numbers, below 2^53. */
export interface LiveOp {
  readonly slot?: number;
  readonly page?: number;
  readonly count?: number;
  readonly a?: number;
  readonly b?: number;
}

/** What a caller wants to be told of each op that it queued. */
export type AnswerHandler = (index: number, answer: Answer) => void;

const TWO_32 = 2 ** 32;

/** Ops on their way to an executor: queued, sent when one has to be answered or the request is full. */
export class Session {
  private readonly ops = new Uint32Array(MOST_OPS * OP_WORDS);
  private readonly answers = new Int32Array(MOST_OPS * ANSWER_WORDS);
  private readonly header = new Uint32Array(2);
  private queued = 0;
  /** Hears the answer of each op, in order, also of those that `call` sends. */
  onAnswer: AnswerHandler | undefined;
  /** Times that the executor was waited for. */
  exchanges = 0;
  /** Why it is not asked any more. */
  lost: LiveTimeout | undefined;

  constructor(private readonly channel: Channel) {}

  /** Queues an op. Returns its index in the request. `code` has flags as well. */
  queue(code: number, slot: number, page: number, count: number, a: number, b: number): number {
    if (this.queued === MOST_OPS) this.flush();
    const { ops } = this;
    const index = this.queued++;
    let at = index * OP_WORDS;
    ops[at++] = code;
    ops[at++] = slot;
    ops[at++] = page;
    ops[at++] = page / TWO_32;
    ops[at++] = count;
    ops[at++] = count < 0 ? -1 : count / TWO_32;
    ops[at++] = a;
    ops[at++] = a / TWO_32;
    ops[at++] = b;
    ops[at] = b / TWO_32;
    return index;
  }

  /** Sends what is queued, and hands its answers to `onAnswer`. */
  flush(): void {
    this.send(0);
  }

  /** Sends an op after what is queued. Returns its answer, and the text that came with it. @param given text of the op */
  call(code: number, op: LiveOp = {}, given: string | Uint8Array = ''): Answer & { readonly text: string } {
    if (this.queued === MOST_OPS) this.flush();
    const index = this.queue(code, op.slot ?? 0, op.page ?? 0, op.count ?? 0, op.a ?? 0, op.b ?? 0);
    const bytes = typeof given === 'string' ? Buffer.from(given) : given;
    if (bytes.length > 0) writeSync(this.channel.shared, bytes, 0, bytes.length, TEXT_AT);
    this.send(bytes.length);
    return { ...this.answer(index), text: this.text() };
  }

  /** The contents of a file where the executor is; undefined where it cannot be read. */
  get(path: string): string | undefined {
    const { error, text } = this.call(LIVE_OP.get, {}, path);
    return error === 0 ? text : undefined;
  }

  /** Writes to a file where the executor is. @throws HostError where it cannot */
  put(path: string, value: string): void {
    const error = this.tell(LIVE_OP.put, `${path}\n${value}`);
    if (error !== 0) throw new HostError(`${path}: ${value} cannot be written there (${error})`);
  }

  /** Sends an op whose argument is its text. Returns the error that came of it, 0 for none. */
  tell(code: number, given: string | Uint8Array, a = 0): Errno {
    return errnoName(this.call(code, { a }, given).error);
  }

  close(): Promise<void> {
    return this.channel.close();
  }

  private send(textBytes: number): void {
    const count = this.queued;
    if (count === 0) return;
    if (this.lost) throw this.lost;
    const { shared } = this.channel;
    writeSync(shared, this.ops, 0, count * OP_WORDS * 4, OPS_AT);
    this.header[0] = count;
    this.header[1] = textBytes;
    writeSync(shared, this.header, 0, 8, 4);
    this.queued = 0;
    this.exchanges++;
    try {
      this.channel.exchange();
    } catch (error) {
      if (error instanceof LiveTimeout) this.lost = error;
      throw error;
    }
    readSync(shared, this.answers, 0, count * ANSWER_WORDS * 4, ANSWERS_AT);
    const { onAnswer } = this;
    if (onAnswer) for (let i = 0; i < count; i++) onAnswer(i, this.answer(i));
  }

  private answer(index: number): Answer {
    const { answers } = this;
    const at = index * ANSWER_WORDS;
    return {
      error: answers[at]!,
      value: answers[at + 1]! >>> 0,
      first: answers[at + 2]! >>> 0,
      buses: answers[at + 3]! >>> 0,
    };
  }

  private text(): string {
    readSync(this.channel.shared, this.header, 0, 4, 8);
    const bytes = Buffer.alloc(Math.min(this.header[0]!, TEXT_BYTES));
    if (bytes.length > 0) readSync(this.channel.shared, bytes, 0, bytes.length, TEXT_AT);
    return bytes.toString('latin1');
  }
}
