import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from './errors.js';
import { jsonText, parseJson } from './json.js';

const read = (text: string): unknown => parseJson(text, 'x.json');

describe('a text in JSON', () => {
  it('is read as JSON.parse reads it, whatever its layout, with a byte order mark or not', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.nat(4), fc.boolean(), (json, indent, mark) => {
        const value: unknown = JSON.parse(json);
        expect(read(`${mark ? '\ufeff' : ''}${JSON.stringify(value, undefined, indent)}\r\n`)).toEqual(value);
      }),
    );
  });

  it('is refused where JSON.parse refuses it, with its place', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', ',', '}', '"', '\u0001', '1'),
        (json, at, odd) => {
          const text = json.slice(0, at % (json.length + 1)) + odd + json.slice((at % (json.length + 1)) + 1);
          let valid = true;
          try {
            JSON.parse(text);
          } catch {
            valid = false;
          }
          try {
            read(text);
            expect(valid).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
            const twice = /is given twice/.test(String(error));
            expect(valid && !twice).toBe(false);
            expect((error as Error).message).toMatch(/^x\.json:\d+:\d+: /);
          }
        },
      ),
    );
  });

  it.each([
    ['x.json:2:11: not JSON: expected a key in double quotes', '{"touch":\n  {"ns":5,}}'],
    ['x.json:2:2: the key "a" is given twice, expected it once', '{"a":1,\n "a":2}'],
    ['x.json:1:8: the key "\\u0061" is given twice, expected it once', '{"a":1,"\\u0061":2}'],
    ['x.json:1:16: the key "__proto__" is given twice, expected it once', '{"__proto__":1,"__proto__":2}'],
    ['x.json:1:6: not JSON: expected a value', '[1,2,,3]'],
    ['x.json:1:4: not JSON: expected "," or "]"', '[1 2]'],
    ['x.json:1:6: not JSON: expected ":"', '{"a" 1}'],
    ['x.json:1:3: not JSON: expected the end of the file', '[]]'],
    ['x.json:1:1: not JSON: expected a value', ''],
    ['x.json:1:2: not JSON: expected a value', '[tru]'],
    ['x.json:1:101: nested deeper than 100 values, expected fewer', '['.repeat(200_000)],
    ['x.json:1:501: nested deeper than 100 values, expected fewer', '{"a":'.repeat(100_000)],
  ])('is blamed in one line: %s', (message, text) => {
    expect(() => read(text)).toThrow(message);
  });
});

describe('a value as JSON', () => {
  it('is printable, and the same when it is read', () => {
    const value = { 'a\u202eb': ['\u2028', '\x1b[31m', '\x9b', '\ufeff', 'é 日本'] };
    expect(jsonText(value)).toBe(
      '{\n  "a\\u202eb": [\n    "\\u2028",\n    "\\u001b[31m",\n    "\\u009b",\n    "\\ufeff",\n    "é 日本"\n  ]\n}\n',
    );
    expect(read(jsonText(value))).toEqual(value);
  });
});
