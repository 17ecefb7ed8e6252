/** Buckets at the start; a power of two. */
export const FIRST_BUCKETS = 1024;

/** The bucket of a content id among 2^k buckets (Fibonacci hashing). */
export function bucketOf(content: number, buckets: number): number {
  return Math.imul(content, 0x9e37_79b1) >>> (Math.clz32(buckets) + 1);
}

/** Compares that a look-up in a balanced tree of so many nodes takes: its depth. */
export function depthOf(nodes: number): number {
  return 32 - Math.clz32(nodes); // ceil(log2(n + 1))
}
