import { describe, expect, it } from 'vitest';
import { plainExports } from './plain-exports.mjs';

/** A script that exports a name as the bundler does. */
const exporting = (code: string, name: string) =>
  `${code}Object.defineProperty(exports,"a",{enumerable:true,get:function(){return ${name}}});`;

describe('plainExports', () => {
  it.each([
    'const x=1;',
    'var x=class{};',
    'class x{};',
    'function x(){}',
    'async function x(){}',
    'function* x(){}',
  ])('%s never changes: a plain property', (code) => {
    expect(plainExports(exporting(code, 'x'))).toBe(`${code}exports["a"]=x;`);
  });

  it.each(['let x=1;x=2;', 'var x;x=1;', 'const xy=1;let x=2;', 'const $x=1;let x;'])(
    '%s may change: a getter',
    (code) => {
      expect(plainExports(exporting(code, 'x'))).toBe(exporting(code, 'x'));
    },
  );
});
