/** Makes exports of a script that never change plain properties. */
export function plainExports(code: string): string;
