import type { EventBlock, StringTable } from './block.js';
import type { TraceMeta } from './meta.js';
import { PageBudget } from './page-budget.js';
import type { TraceSource } from './source.js';
import { TextScanner } from './text/scanner.js';

/**
 * The events of a text trace, block by block, as its bytes come.
 *
 * @throws InputError with `file:line:column` where the trace is wrong, or its large events touch too many pages
 */
export async function* scannedBlocks(
  bytes: AsyncIterable<Uint8Array>,
  scanner: TextScanner,
  name: string,
): AsyncGenerator<EventBlock, undefined> {
  const budget = new PageBudget();
  for await (const chunk of bytes)
    for (const block of scanner.push(chunk)) {
      budget.takeBlock(block, scanner.strings, name);
      yield block;
    }
  for (const block of scanner.end()) {
    budget.takeBlock(block, scanner.strings, name);
    yield block;
  }
  return undefined;
}

/** A text trace that is read once, while it comes, and is kept nowhere: neither in memory nor in the cache. */
export class StreamedTrace implements TraceSource {
  private constructor(
    readonly name: string,
    readonly meta: TraceMeta,
    readonly strings: StringTable,
    private readonly first: IteratorResult<EventBlock, undefined>,
    private readonly rest: AsyncGenerator<EventBlock, undefined>,
  ) {}

  /**
   * Reads up to the first events: the metadata is complete then.
   *
   * @param bytes of the text form
   * @param name what messages call it
   * @throws InputError as `scannedBlocks`
   */
  static async open(bytes: AsyncIterable<Uint8Array>, name: string): Promise<StreamedTrace> {
    const scanner = new TextScanner(name);
    const rest = scannedBlocks(bytes, scanner, name);
    const first = await rest.next();
    return new StreamedTrace(name, scanner.meta, scanner.strings, first, rest);
  }

  async *blocks(): AsyncGenerator<EventBlock> {
    if (this.first.done) return;
    yield this.first.value;
    yield* this.rest;
  }
}
