import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.js';
import { cell, found, PASSED, REPORT, slower } from '../../testing/gate-report.js';
import { FORMATS, formatNamed } from './registry.js';
import { element } from './xml.js';

describe('output formats', () => {
  for (const { name, file, text } of FORMATS) {
    it(`${name} is that of the golden file`, async () => {
      const golden = packageFile('harness', 'gate', 'formats', 'golden', file);
      await expect(text(REPORT, true)).toMatchFileSnapshot(golden);
    });
  }

  it('have names, files and lines of their own', () => {
    for (const key of ['name', 'file', 'about'] as const)
      expect(new Set(FORMATS.map((format) => format[key])).size).toBe(FORMATS.length);
    for (const { file } of FORMATS) expect(basename(file)).toBe(file);
    expect(() => formatNamed('yaml')).toThrow(/unknown format "yaml", expected one of table, markdown/);
  });

  it('say that all is well', () => {
    const said = (name: string) => formatNamed(name).text(PASSED, true);
    expect(said('table')).toMatch(/\n\npass: 1 cell compared; no differences\n$/);
    expect(said('markdown')).toMatch(/^### ✅ reclaim gate\n\npass: /);
    expect(said('junit')).toContain('tests="2" failures="0"');
    expect(said('github')).toBe('pass: 1 cell compared; no differences\n');
    expect(JSON.parse(said('json'))).toMatchObject({ verdict: 'pass', cells: [], general: [] });
  });

  it('of Bencher have a benchmark for each of two names that differ beyond its limit', () => {
    const long = 'x'.repeat(10_000);
    const cells = ['a', 'b'].map((end) => ({ ...REPORT.cells[0]!, name: long + end }));
    const names = Object.keys(
      JSON.parse(formatNamed('bencher').text({ ...REPORT, cells, times: [] }, true)) as object,
    );
    expect(names.map((name) => name.length)).toEqual([1024, 1024]);
  });

  it('fail for warnings when strict', () => {
    const warned = {
      ...PASSED,
      verdict: 'fail',
      strict: true,
      cells: [cell('keep', [found('warning', 'better', 'x')])],
    } as const;
    expect(formatNamed('junit').text(warned, true)).toContain('failures="1"');
    expect(formatNamed('table').text(warned, true)).toContain('(strict: warnings fail)');
  });

  it('mention no one in Markdown, and end no cell of a table', () => {
    const label = '@org/team #12 | </details> `x` **b** a@b.c';
    const text = formatNamed('markdown').text(
      {
        ...REPORT,
        cells: [{ ...REPORT.cells[0]!, label }],
        times: [{ ...slower, name: label }],
      },
      true,
    );
    const shown = '@&#8203;org/team \\#&#8203;12 \\| \\</details\\> \\`x\\` \\*\\*b\\*\\* a@&#8203;b.c';
    expect(text).toContain(`#### ${shown}\n`);
    expect(text).toContain(`| ${shown} |`);
    expect(text).not.toContain(label);
  });

  it('count what they do not show', () => {
    const many = { ...REPORT, cells: Array.from({ length: 15 }, () => REPORT.cells[0]!) };
    expect(formatNamed('table').text(many, true)).toContain('and 5 more cells (--format json has all)');
    expect(formatNamed('markdown').text(many, true)).toContain('and 5 more cells');
    const errors = formatNamed('github')
      .text(many, true)
      .split('\n')
      .filter((line) => line.startsWith('::error'));
    expect(errors).toHaveLength(10);
    expect(errors[9]).toMatch(/::and 7 more; /);
  });
});

describe('XML', () => {
  it('is escaped, and has no characters that it cannot have', () => {
    expect(element('a', { b: '<&">\n\t', c: '\u0000\u001b\ud800x\ufffe😀' })).toBe(
      '<a b="&lt;&amp;&quot;&gt;&#10;&#9;" c="\ufffd\ufffd\ufffdx\ufffd😀"/>',
    );
  });
});
