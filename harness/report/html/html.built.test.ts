import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResultsFolder } from '../../metrics/results.js';
import { sealResults, writeComparison, writeMerging } from '../../testing/results.js';
import { FigureData } from '../figures/data.js';
import { columnsOf as columnsOfBytes } from './by-columns.js';
import { chartModel } from './chart-data.js';
import { rowsOf } from './columns.js';
import { dataElement, html } from './markup.js';
import type { ChartModel } from './model.js';
import { clientScript } from './script.js';
import { reportText } from './write.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-html-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What report.html of the results in the folder says. */
function page(missing?: readonly string[]): Promise<string> {
  const results = ResultsFolder.open(folder);
  return reportText(results, new FigureData(results), missing);
}

function model(): ChartModel {
  return chartModel(new FigureData(ResultsFolder.open(folder)));
}

/** Gives a trace of the made-up results another label, in all files. */
function relabel(from: string, to: string): void {
  for (const name of ['runs.csv', 'heatmap.csv', 'manifest.json']) {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(from, to));
  }
  sealResults(folder);
}

describe('markup', () => {
  it('escapes what is put into it, and not what is markup already', () => {
    const bold = html`<b>${'<&>"\''}</b>`;
    expect(html`<p>${[bold, 1, undefined, false]}</p>`.text).toBe('<p><b>&lt;&amp;&gt;&quot;&#39;</b>1</p>');
  });

  it('keeps data in its element', () => {
    const { text } = dataElement('d', { name: '</script><!--' });
    expect(text.match(/<\/script>/g)).toHaveLength(1);
    expect(JSON.parse(/>(.*)<\/script>/.exec(text)![1]!)).toEqual({ name: '</script><!--' });
  });
});

describe('CSV by columns', () => {
  const columnsOf = (csv: string) => {
    const bytes = columnsOfBytes(Buffer.from(csv));
    return bytes && Buffer.from(bytes).toString('utf8');
  };

  it('is the same CSV by rows again, whatever it holds', () => {
    const field = fc.oneof(
      fc.constant(''),
      fc.string().map((text) => text.replace(/[\n]/g, '')),
    );
    const csv = fc
      .array(fc.array(field, { minLength: 3, maxLength: 3 }), { minLength: 1 })
      .map((rows) => rows.map((row) => `${row.join(',')}\n`).join(''));
    fc.assert(
      fc.property(csv, (text) => {
        const columns = columnsOf(text);
        if (columns !== undefined) expect(rowsOf(columns)).toBe(text);
      }),
    );
    expect(columnsOf('a,b\n1,2\n')).toBe('a\n1\tb\n2');
    expect(columnsOf('a,ü\n,22\n333,\n')).toBe('a\n\n333\tü\n22\n');
  });

  it('is not of rows that differ in their fields, nor of what ends without a line', () => {
    expect(columnsOf('a,b\n"1,2",3\n')).toBeUndefined();
    expect(columnsOf('a,b\n1,2')).toBeUndefined();
    expect(columnsOf('a,b\n1,\t\n')).toBeUndefined();
  });
});

describe('report.html', () => {
  it('is the same for the same results', async () => {
    writeComparison(folder);
    expect(await page()).toBe(await page());
  });

  it('loads nothing, and runs only its own script', async () => {
    writeComparison(folder);
    const text = await page();
    expect(text).not.toMatch(/\s(src|srcset|action)=|@import|url\(|<link|<iframe/);
    expect([...text.matchAll(/href="([^"]*)"/g)].filter(([, to]) => !to?.startsWith('#'))).toEqual([]);
    expect([...text.matchAll(/https?:\/\/[^"'` )]+/g)].map(([url]) => url)).toEqual([
      'http://www.w3.org/2000/svg',
    ]);
    expect(text).toMatch(/default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
    expect(text).not.toMatch(/\son\w+=|\sstyle=|\beval\(|new Function/);
  });

  it('takes labels as text, whatever they hold', async () => {
    writeComparison(folder);
    relabel('browser', '</script><img src=x onerror=alert(1)>');
    const text = await page();
    expect(text).toContain('&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;');
    expect(text).not.toContain('<img');
    // One end for each beginning: no label ended an element.
    expect(text.match(/<\/script>/g)?.length).toBe(text.match(/<script[ >]/g)?.length);
  });

  it('has the files of the results in it, byte by byte', async () => {
    writeComparison(folder);
    const text = await page();
    for (const name of ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv', 'perf.csv', 'heatmap.csv']) {
      const [, byColumns, held] = new RegExp(`data-name="${name}"( data-columns)?>([^<]+)<`).exec(text)!;
      const content = gunzipSync(Buffer.from(held!, 'base64')).toString();
      expect(byColumns ? rowsOf(content) : content, name).toBe(readFileSync(join(folder, name), 'utf8'));
    }
    const spec = /data-name="saving-stall-web\.vl\.json">([^<]+)</.exec(text)![1]!;
    expect(JSON.parse(gunzipSync(Buffer.from(spec, 'base64')).toString())).toHaveProperty('$schema');
  });

  it('is the same without what draws figures, except for their specifications', async () => {
    writeComparison(folder);
    const whole = await page();
    const part = await page(['pdfkit']);
    const said = /<p class="note">(Without the Vega-Lite specifications of figures: .*)<\/p>\n/;
    expect(said.exec(part)![1]).toMatch(/: pdfkit is not installed \(npm .* adds it\)\.$/);
    const list = /<details><summary>Vega-Lite[\s\S]*?<\/details>\n/;
    const files = /<script type="application\/gzip" id="file-\d+" data-name="[^"]*\.vl\.json">.*\n/g;
    expect(part.replace(said, '').length).toBeGreaterThan(10_000);
    expect(part.replace(said, '')).toBe(whole.replace(list, '').replace(files, ''));
  });

  it('says in its static parts what the results show', async () => {
    writeComparison(folder);
    const main = /<main[\s\S]*<\/main>/.exec(await page())![0];
    await expect(`${main}\n`).toMatchFileSnapshot('golden/comparison.html');
  });

  it('has traces without a family too, and ways to merge', async () => {
    writeMerging(folder);
    const text = await page();
    expect(text).toMatch(/<h3 id="family-1"[^>]*>all traces<\/h3>/);
    expect(text.includes('extra stalls and ksmd time')).toBe(true);
    expect(text.includes('id="payers"')).toBe(false);
  });
});

describe('the data of charts', () => {
  it('leaves out points that cannot be seen, and holds equal curves once', () => {
    writeComparison(folder);
    const { groups, curves, policies } = model();
    const cells = groups[0]?.panels[0]?.cells ?? [];
    const curveOf = (name: string) => cells.find(({ policy }) => policies[policy] === name)!.curves[0]!;
    expect(curveOf('remove')).toBe(curveOf('punch'));
    expect(curveOf('remove')).not.toBe(curveOf('keep'));
    // It rises straight to its peak after two seconds and stays there.
    expect(curves[curveOf('keep')]?.us).toEqual([0, 2_000_000, 5_000_000]);
  });

  it('has no cell that was refused, and tells where accesses are inferred', () => {
    writeComparison(folder);
    const { groups, policies } = model();
    const [browser, cache] = groups;
    const tags = (group: typeof browser) => group?.tags.map(({ text }) => text);
    expect([tags(browser), tags(cache)]).toEqual([['accesses inferred'], ['of unstated origin']]);
    const names = (group: typeof browser) => group?.panels[0]?.cells.map(({ policy }) => policies[policy]);
    expect(names(browser)).not.toContain('free:regen=page,eager=1');
    expect(names(cache)).toContain('free:regen=page,eager=1');
    const [absent] = browser?.panels[0]?.absent ?? [];
    expect([absent?.why, absent?.policies.map((policy) => policies[policy])]).toEqual([
      'not possible',
      ['free:regen=page,eager=1'],
    ]);
  });

  it('separates what the program costs by itself from what a policy adds', () => {
    writeComparison(folder);
    const { groups, policies } = model();
    const { ownNs, panels } = groups[1]!;
    const cells = panels[1]!.cells;
    const extraOf = (name: string) => cells.find(({ policy }) => policies[policy] === name)!.extraNs;
    expect(ownNs).toBe(3e6);
    expect(policies[panels[1]!.reference!]).toBe('keep');
    expect(extraOf('keep')).toEqual([0, 0, 0]);
    // Its calls take 4 ms, and it avoids what keep swaps.
    expect(extraOf('remove')![0]).toBe(4e6 - 256e4);
  });

  it('tells what is on the front, and what limits are in bytes', () => {
    writeComparison(folder);
    const { groups, policies } = model();
    const [free, limited] = groups[1]?.panels ?? [];
    expect(free?.cells.filter(({ rank }) => rank === 'best').map(({ policy }) => policies[policy])).toEqual([
      'keep',
      'remove',
      'punch',
      'dontneed',
      'free:regen=page,eager=1',
    ]);
    expect([free?.limitBytes, limited?.limitBytes]).toEqual([undefined, 768 * 4096]);
  });
});

describe('the script of the page', () => {
  it('is one text without imports that every engine can read', () => {
    const text = clientScript();
    expect(text).not.toMatch(/^(import|export) /m);
    expect(() => new Function(text)).not.toThrow();
  });

  it('refuses a form that it does not know', () => {
    const path = join(folder, 'a.js');
    writeFileSync(path, "import all from './b.js';\n");
    expect(() => clientScript(path)).toThrow(
      `${path}: "import all from './b.js';" cannot be put into a page`,
    );
  });

  it('keeps names of modules separate', () => {
    writeFileSync(
      join(folder, 'a.js'),
      "import { one as first } from './b.js';\nconst own = 1;\nexport const sum = own + first;\n",
    );
    writeFileSync(join(folder, 'b.js'), 'const own = 2;\nexport const one = own;\n');
    expect(new Function(`${clientScript(join(folder, 'a.js'))}return module1.sum;`)()).toBe(3);
  });
});
