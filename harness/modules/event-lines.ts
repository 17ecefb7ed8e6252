import { InputError } from '../base/errors.js';
import { shownValue } from '../policy/border/border.js';
import type { EventBlock, StringTable } from '../trace/block.js';
import { TEXT_HEADER } from '../trace/text/fields.js';
import { TextScanner } from '../trace/text/scanner.js';

/** Characters of a wrong event that are shown. */
const SHOWN = 80;

/**
 * Turns events as lines of the text form, which a module yields, into blocks.
 *
 * @typeParam P where a line is from
 */
export class EventLines<P> {
  private readonly scanner = new TextScanner('');
  /** Lines that have been scanned, the header included. */
  private before = 1;

  /** @param wrong the error for an event that is wrong, and where it is from */
  constructor(private readonly wrong: (from: P, what: string) => Error) {
    for (const _ of this.scanner.push(Buffer.from(`${TEXT_HEADER}\n`)));
  }

  get strings(): StringTable {
    return this.scanner.strings;
  }

  /** Blocks that lines fill, in order. @param from where each line is from */
  *push(lines: readonly string[], from: readonly P[]): Generator<EventBlock> {
    for (const [i, line] of lines.entries())
      if (typeof line !== 'string' || /[\r\n]/.test(line))
        throw this.wrong(from[i]!, `${shownValue(line)} is no event, expected a line of a trace`);
    const text = lines.map((line) => `${line}\n`).join('');
    const blocks = this.scanner.push(Buffer.from(text));
    for (;;) {
      const next = this.next(blocks, lines, from);
      if (next === undefined) break;
      yield next;
    }
    this.before += lines.length;
  }

  private next(
    blocks: Iterator<EventBlock>,
    lines: readonly string[],
    from: readonly P[],
  ): EventBlock | undefined {
    try {
      const { value, done } = blocks.next();
      return done ? undefined : value;
    } catch (error) {
      const line = error instanceof InputError ? error.place?.line : undefined;
      if (line === undefined) throw error;
      const at = line - this.before - 1;
      const shown = JSON.stringify(lines[at]?.slice(0, SHOWN));
      throw this.wrong(from[at]!, `event ${shown}: ${(error as InputError).what}`);
    }
  }

  /** The last block, where there is one. */
  *end(): Generator<EventBlock> {
    yield* this.scanner.end();
  }
}
