import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../base/package-root.js';

/** A template as plain JavaScript, without comments and in one form. */
function plain(name: string): string {
  const text = readFileSync(join(PACKAGE_ROOT, 'harness', 'commands', 'templates', name), 'utf8');
  const compilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    useDefineForClassFields: false,
    removeComments: true,
  };
  return ts.transpileModule(text, { compilerOptions, fileName: name }).outputText;
}

it('the policy in TypeScript is the one in JavaScript, with types', () => {
  expect(plain('policy.ts')).toBe(plain('policy.mjs'));
});
