import type { Errno, MappedPiece, PageRange } from './contract.js';

/**
 * Makes a call for each piece of a range, for calls that know objects and offsets and no addresses. The error is that of
 * the first call that failed, or ENOMEM where a part of the range is not mapped, as madvise would return.
 */
export function callEach(
  range: PageRange,
  pieces: readonly MappedPiece[],
  call: (piece: MappedPiece) => Errno,
): Errno {
  const mapped = pieces.reduce((sum, piece) => sum + piece.count, 0);
  let first: Errno = 0;
  for (const piece of pieces) {
    const errno = call(piece);
    if (first === 0) first = errno;
  }
  return first === 0 && mapped < range.count ? 'ENOMEM' : first;
}

/** Whether a piece goes on where another ends, in memory and in what they map. */
function continues(lower: MappedPiece, upper: MappedPiece): boolean {
  const named = upper.object !== undefined || upper.inode !== undefined;
  return (
    lower.page + lower.count === upper.page &&
    lower.object === upper.object &&
    lower.inode === upper.inode &&
    lower.descriptor === upper.descriptor &&
    (!named || lower.objectPage + lower.count === upper.objectPage)
  );
}

/** Pieces by address, those joined that go on where the one before ends: what a program sees where VMAs are split. */
export function joined(pieces: readonly MappedPiece[]): MappedPiece[] {
  const result: MappedPiece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (last && continues(last, piece))
      result[result.length - 1] = { ...last, count: last.count + piece.count };
    else result.push(piece);
  }
  return result;
}
