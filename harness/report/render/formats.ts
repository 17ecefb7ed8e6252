/** Kinds of files of a figure, besides its specification and caption. */
export const FORMATS = ['pdf', 'svg', 'png'] as const;
/** A kind of file of a figure. */
export type Format = (typeof FORMATS)[number];
/** Those that are written unless others are asked for: vectors. Rendering and compressing pixels takes as long as all else. */
export const USUAL_FORMATS: readonly Format[] = ['pdf', 'svg'];
