import { type ArgOf, parseArg } from './args.js';
import type { EventBlock, StringTable } from './block.js';
import { HAS, OP } from './op.js';

/** Parses each argument text once per op that uses it. */
export class ArgCache {
  private readonly parsed = new Map<string, (ArgOf[keyof ArgOf] | undefined)[]>();

  constructor(private readonly strings: StringTable) {}

  /** The parsed argument of an event; undefined when it has none. */
  of<K extends keyof ArgOf>(op: K, block: EventBlock, row: number): ArgOf[K] | undefined {
    if ((block.fields[row]! & HAS.text) === 0) return undefined;
    const text = block.text[row]!;
    let known = this.parsed.get(op);
    if (!known) {
      known = [];
      this.parsed.set(op, known);
    }
    const parsed = known[text] ?? parseArg(op, this.strings.text(text));
    known[text] = parsed;
    return parsed as ArgOf[K];
  }

  /** As `of`, for ops whose argument the format requires. */
  required<K extends keyof ArgOf>(op: K, block: EventBlock, row: number): ArgOf[K] {
    const parsed = this.of(op, block, row);
    if (parsed === undefined)
      throw new Error(`event of op ${op} (${OP[op]}) without its argument in a checked trace`);
    return parsed;
  }
}
