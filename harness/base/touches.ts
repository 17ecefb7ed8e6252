/**
 * What is known of the accesses of a trace: all of them were `recorded`; none was, and they were `inferred`; or only those
 * that faulted were seen, which are the `first-access` to each page and the first one after a drop.
 */
export const TOUCHES = ['recorded', 'inferred', 'first-access'] as const;
export type Touches = (typeof TOUCHES)[number];
