/** The start of some bytes, and all of them. */
export interface PeekedBytes {
  /** The first bytes: as many as were asked for, or all there are; none where the input is empty. */
  readonly head: Uint8Array;
  /** All bytes, the head included. To be taken once, to its end. */
  readonly all: AsyncIterable<Uint8Array>;
  /** Closes the file where `all` is not wanted. */
  close(): Promise<void>;
}

/** Takes the first `headBytes` of some bytes, or all there are. */
export async function peekBytes(bytes: AsyncIterable<Uint8Array>, headBytes: number): Promise<PeekedBytes> {
  const rest = bytes[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let length = 0; length < headBytes; length += chunks.at(-1)!.length) {
    const { value, done } = await rest.next();
    if (done) break;
    chunks.push(value);
  }
  const close = async () => {
    await rest.return?.();
  };
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
      yield* { [Symbol.asyncIterator]: () => rest };
    } finally {
      await close();
    }
  }
  const head = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  return { head: head.subarray(0, headBytes), all: all(), close };
}
