import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import Papa from 'papaparse';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.js';
import { sealResults, writeComparison } from '../../testing/results.js';
import { cannot, mustRun, runProgram } from '../../testing/system.js';
import { RANK_SIGNS } from './tables.js';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const HOSTILE = '</script><img src=x onerror=alert(1)>';

const EXPERIMENT = `name: in-a-browser
families:
  database: [mariadb-resize]
  browser: [chromium-cache]
discard: [keep, remove, punch, dontneed, free, volatile]
draws: 3
limits: [none, 50%]
backing: [recorded, anon]
`;

/** Run in the page: what can be used and has no name that is read out. */
const NAMELESS = `[...document.querySelectorAll('button, select, input, svg[role=img]')]
  .filter((one) => !one.textContent && !one.getAttribute('aria-label') && !one.labels?.length)
  .map((one) => one.outerHTML)`;

let folder: string;
let browser: Browser;
let missing: string | undefined;
/** What a page said that it should not: errors, and requests other than that of the file itself. */
let complaints: string[];

beforeAll(async () => {
  const executablePath = BROWSERS.find((path) => existsSync(path));
  if (!executablePath) {
    missing = cannot(`there is no ${BROWSERS.join(', ')}`);
    return;
  }
  folder = mkdtempSync(join(tmpdir(), 'reclaim-page-'));
  writeFileSync(join(folder, 'e.yaml'), EXPERIMENT);
  const cli = packageFile('dist', 'harness', 'cli.js');
  mustRun(process.execPath, [cli, 'compare', 'e.yaml', '--out', 'real', '--heatmap', '--quiet'], folder);
  mkdirSync(join(folder, 'hostile'));
  writeComparison(join(folder, 'hostile'));
  for (const name of ['runs.csv', 'heatmap.csv', 'manifest.json']) {
    const path = join(folder, 'hostile', name);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('browser', HOSTILE));
  }
  sealResults(join(folder, 'hostile'));
  mustRun(process.execPath, [cli, 'report', 'hostile', '--format', 'svg', '--quiet'], folder);
  browser = await chromium.launch({ executablePath, chromiumSandbox: false });
});
afterAll(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});
afterEach(() => {
  if (!missing) expect(complaints).toEqual([]);
});

async function open(name: string, options: BrowserContextOptions = {}, fragment = ''): Promise<Page> {
  complaints = [];
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const url = pathToFileURL(join(folder, name, 'report.html')).href;
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  page.on('request', (request) => {
    // The content of a saved file is no network.
    if (request.url().replace(/#.*/, '') !== url && !request.url().startsWith('blob:'))
      complaints.push(request.url());
  });
  await page.goto(`${url}${fragment}`);
  return page;
}

/** Texts of all elements of a selector. */
function texts(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).allTextContents();
}

function count(page: Page, selector: string): Promise<number> {
  return page.locator(selector).count();
}

describe('report.html in a browser', () => {
  it.for(['light', 'dark'] as const)('breaks no rule of accessibility, %s', async (colorScheme, { skip }) => {
    if (missing) skip(missing);
    for (const width of [1280, 360]) {
      const page = await open('real', { colorScheme, viewport: { width, height: 800 } });
      await page.evaluate(axe.source);
      const { passes, violations } = await page.evaluate<AxeResults>('axe.run()');
      expect(passes.map(({ id }) => id)).toContain('color-contrast');
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
      await page.close();
    }
  });

  it('draws a chart of each kind', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real');
    for (const id of ['over-time', 'tradeoff', 'stalls', 'payers', 'heat'])
      expect(await count(page, `#${id} svg[role=img]`), id).toBeGreaterThan(0);
    expect(await count(page, '#over-time .line')).toBeGreaterThan(2);
    const drawn = await page.evaluate<string>(
      '[...document.querySelectorAll("svg")].map((one) => one.outerHTML).join()',
    );
    expect(drawn.includes('NaN')).toBe(false);
  });

  it('shows what filters ask for', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real');
    expect(await texts(page, '#tradeoff h4')).toEqual(['mariadb-resize first accesses']);
    await page.selectOption('#family', 'browser');
    expect(await texts(page, '#tradeoff h4')).toEqual(['chromium-cache inferred accesses inferred']);
    await page.selectOption('#family', '');
    expect(await texts(page, '#tradeoff h4')).toHaveLength(2);
    await page.selectOption('#limit', 'limit 50 %');
    expect(new Set(await texts(page, '#tradeoff figcaption'))).toEqual(new Set(['limit 50 %']));
    await page.selectOption('#trace', 'mariadb-resize');
    const bars = await texts(page, '#stalls .bar .name');
    expect(bars).toContain('dontneed');
    await page.click('text=Show and hide policies');
    await page.uncheck('#shown-3');
    expect(await texts(page, '#stalls .bar .name')).toEqual(bars.filter((name) => name !== 'dontneed'));
    await page.selectOption('#held', 'held');
    expect((await texts(page, '#payers .title'))[0]).toMatch(/^memory held/);
  });

  it('marks a policy in all charts and tables at once', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real');
    await page.click('#numbers button.policy:text-is("dontneed")');
    for (const marked of ['.line', '.dot', '.bar', 'table.numbers tr'])
      expect(await count(page, `${marked}.chosen`), marked).toBeGreaterThan(0);
    expect(await count(page, '.line.dim')).toBeGreaterThan(0);
    // Charts that are drawn again still show it.
    await page.selectOption('#limit', 'limit 50 %');
    expect(await count(page, '.line.chosen')).toBeGreaterThan(0);
    await page.keyboard.press('Escape');
    expect(await count(page, '.chosen, .dim')).toBe(0);
  });

  it('tells what is under the pointer', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real');
    await page.locator('#over-time svg[role=img]').first().hover();
    expect(await page.locator('#tip').textContent()).toMatch(/^after .* MiB/);
    await page.locator('h1').hover();
    expect(await page.locator('#tip').isHidden()).toBe(true);
  });

  it('sorts its tables, and gives their order back', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real');
    const column = () => texts(page, 'table.numbers >> nth=0 >> tbody tr td:nth-child(5)');
    const before = await column();
    const head = page.locator('table.numbers').first().locator('button.sort').nth(4);
    await head.focus();
    const sorted = async () => (await column()).filter((text) => text !== '').map(Number);
    await page.keyboard.press('Enter');
    expect(await sorted()).toEqual((await sorted()).sort((a, b) => b - a));
    await page.keyboard.press('Enter');
    expect(await sorted()).toEqual((await sorted()).sort((a, b) => a - b));
    expect(await head.locator('..').getAttribute('aria-sort')).toBe('ascending');
    // What has no number is last in either order.
    expect((await column()).at(-1)).toBe('');
    await page.keyboard.press('Enter');
    expect(await column()).toEqual(before);
  });

  it('can be used without a pointer', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the results');
    const chart = page.locator('#tradeoff svg[role=img]').first();
    await chart.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#tip').textContent()).toMatch(/saved: .*extra stalls: .*all stalls: /);
    // What is heard is a sentence.
    expect(await page.locator('#said').textContent()).toMatch(
      /^keep, volatile \(best\): saved 0; extra stalls 0; all stalls [\d.]+ ms\.$/,
    );
    await page.keyboard.press('Enter');
    expect(await count(page, '#legend [aria-pressed=true]')).toBe(1);
    const nameless = await page.evaluate(NAMELESS);
    expect(nameless).toEqual([]);
  });

  it('stops rarely: a table and the legend are one stop each, and arrow keys reach all in them', async ({
    skip,
  }) => {
    if (missing) skip(missing);
    const page = await open('real');
    const inChart = `document.activeElement.closest('svg[role=img]') !== null`;
    const perTable: Record<string, number> = {};
    let stops = 0;
    for (; stops < 100; stops++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(inChart)) break;
      const table = await page.evaluate<string>(
        `document.activeElement.closest('table')?.caption.textContent ?? ''`,
      );
      if (table !== '') perTable[table] = (perTable[table] ?? 0) + 1;
    }
    expect(stops).toBeLessThanOrEqual(25);
    expect(Object.values(perTable)).toEqual([1, 1]);
    // Right and down from the first button of a table, over all of its rows.
    const table = page.locator('table.numbers').first();
    await table.locator('button').first().focus();
    const seen = new Set<string>();
    const here = () =>
      page.evaluate<string>(
        `[...document.querySelectorAll('table.numbers button')].indexOf(document.activeElement) + ''`,
      );
    for (let rows = 0; rows < 50; rows++) {
      for (let columns = 0; columns < 20; columns++) {
        seen.add(await here());
        const before = await here();
        await page.keyboard.press('ArrowRight');
        if ((await here()) === before) break;
      }
      await page.keyboard.press('Home');
      const before = await here();
      await page.keyboard.press('ArrowDown');
      if ((await here()) === before) break;
    }
    expect(seen.size).toBe(await table.locator('button').count());
  });

  it('keeps what it shows in its address', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real');
    const address = () => page.evaluate<string>('location.hash');
    expect(await address()).toBe('');
    await page.selectOption('#family', 'browser');
    await page.selectOption('#limit', 'limit 50 %');
    await page.selectOption('#held', 'held');
    await page.click('text=Show and hide policies');
    await page.uncheck('#shown-3');
    await page.click('#legend button:text-is("volatile")');
    await page.fill('#find', 'maria keep');
    await page.locator('table.numbers').nth(1).locator('button.sort').nth(2).click();
    // A link within the page leaves the rest as it is.
    await page.click('nav a:text-is("Charts")');
    // The browser says that the address has changed some time later.
    await expect.poll(address).toMatch(/^#charts&/);
    const fragment = await address();
    const shown = (one: Page) =>
      one.evaluate(`[
        ...[...document.querySelectorAll('select, #find')].map((control) => control.value),
        ...[...document.querySelectorAll('.checks input')].map((box) => box.checked),
        document.querySelector('#legend [aria-pressed=true]').textContent,
        [...document.querySelectorAll('th[aria-sort]')].map((head) => head.getAttribute('aria-sort')).join(),
        [...document.querySelectorAll('.numbers tbody tr')].filter((row) => !row.hidden).length,
        document.querySelectorAll('.line').length,
      ]`);
    const before = await shown(page);
    const other = await open('real', {}, fragment);
    expect(await shown(other)).toEqual(before);
    expect(
      await other.evaluate('document.getElementById("charts").getBoundingClientRect().top'),
    ).toBeLessThan(200);
    expect(await texts(other, '#unknown')).toEqual(['']);
  });

  it('says what of its address it does not have', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real', {}, '#charts&family=other&hide=none&sort=0.99.ascending&famly=browser');
    expect(await page.locator('#unknown').textContent()).toBe(
      'The address of this page names what this report does not have: family other, policy none, order 0.99.ascending, famly.',
    );
    expect(await count(page, '#over-time .line')).toBeGreaterThan(2);
  });

  it.each([
    { at: 0, family: 'database', trace: 'mariadb-resize', evidence: 'first accesses' },
    { at: 1, family: 'browser', trace: 'chromium-cache', evidence: 'inferred, accesses inferred' },
  ])('saves the table of $family as it is shown', async ({ at, family, trace, evidence }) => {
    if (missing) return;
    const page = await open('real', { acceptDownloads: true });
    await page.fill('#find', trace.slice(0, 5));
    const table = page.locator('table.numbers').nth(at);
    await table.locator('button.sort').nth(2).click();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      table.locator('button:text-is("CSV")').click(),
    ]);
    expect(saved.suggestedFilename()).toMatch(new RegExp(`^${family}-.*\\.csv$`));
    const { data, errors } = Papa.parse<Record<string, string>>(readFileSync(await saved.path(), 'utf8'), {
      header: true,
      skipEmptyLines: true,
    });
    expect(errors).toEqual([]);
    const rows = table.locator('tbody tr:not(.trace):visible');
    expect(data).toHaveLength(await rows.count());
    for (const [i, line] of data.entries()) {
      const cells = await rows.nth(i).locator('th, td').allTextContents();
      const { trace: own, evidence: tags, ...values } = line;
      expect([own, tags]).toEqual([trace, evidence]);
      // Signs, intervals and marks put together again are what is shown.
      const numbers = Object.entries(values).filter(([head]) => !/ (sign|±|best)$/.test(head));
      const shown = numbers.map(([head, value]) => {
        const half = values[`${head} ±`] ?? '';
        const text = `${values[`${head} sign`] ?? ''}${value}${half === '' ? '' : `±${half}`}`;
        const rank = values[`${head} best`] as keyof typeof RANK_SIGNS | '' | undefined;
        return `${rank ? `${RANK_SIGNS[rank]}${rank}` : ''}${text}`;
      });
      expect(shown).toEqual(cells.map((text) => text.replace(/\s+/g, ' ').trim()));
    }
  });

  it('is whole on paper: every family, in tables and charts', async ({ skip }) => {
    if (missing) skip(missing);
    if (runProgram('pdftotext', ['-v'], folder).code !== 0) skip(cannot('there is no pdftotext'));
    const page = await open('real');
    const before = await texts(page, '#stalls h4');
    writeFileSync(join(folder, 'page.pdf'), await page.pdf({ format: 'A4' }));
    expect(await texts(page, '#stalls h4')).toEqual(before);
    const printed = mustRun('pdftotext', ['-layout', 'page.pdf', '-'], folder);
    // A form feed begins a page, and may stand before its heading.
    const [tables, charts] = printed.split(/^\f?Charts$/m);
    expect(charts, 'a heading of charts').toBeDefined();
    for (const trace of ['mariadb-resize', 'chromium-cache']) {
      expect(tables, trace).toContain(trace);
      // In each of memory over time, saved against stalled, causes and payers.
      expect(charts!.split(trace).length - 1, trace).toBeGreaterThanOrEqual(4);
    }
    expect(charts).toContain('discard calls');
  });

  it('saves the files of the results', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real', { acceptDownloads: true });
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.click('button:text-is("runs.csv")'),
    ]);
    expect(saved.suggestedFilename()).toBe('runs.csv');
    expect(readFileSync(await saved.path(), 'utf8')).toBe(
      readFileSync(join(folder, 'real', 'runs.csv'), 'utf8'),
    );
  });

  it('fits a phone: only tables scroll sideways', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real', { viewport: { width: 360, height: 740 }, hasTouch: true });
    await page.selectOption('#family', '');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    const wide = await page.evaluate(
      'Math.max(...[...document.querySelectorAll("#charts svg")].map((one) => one.getBoundingClientRect().right))',
    );
    expect(wide).toBeLessThanOrEqual(360);
  });

  it('says on the first screen of a phone what to use in every family', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real', { viewport: { width: 360, height: 740 }, hasTouch: true });
    const lines = await page.evaluate<{ text: string; bottom: number; right: number }[]>(
      `[...document.querySelectorAll('#verdict .verdict li')].map((line) => {
        const { bottom, right } = line.getBoundingClientRect();
        return { text: line.textContent, bottom, right };
      })`,
    );
    for (const family of ['database', 'browser'])
      expect(
        lines.some(({ text }) => text.includes(family)),
        family,
      ).toBe(true);
    for (const { bottom, right } of lines) {
      expect(bottom).toBeLessThanOrEqual(740);
      expect(right).toBeLessThanOrEqual(360);
    }
    // In a table that scrolls, what a row is of stays, next to three columns of numbers.
    const scroll = page.locator('#numbers .scroll').first();
    await scroll.evaluate('(part) => { part.scrollLeft = 400; }');
    const name = await page.locator('table.numbers tbody th.names').first().boundingBox();
    expect(name!.x).toBeGreaterThanOrEqual(0);
    expect(name!.width).toBeLessThanOrEqual(130);
  });

  it('is dark where the system is, and where the reader asks', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('real', { colorScheme: 'dark' });
    const back = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await back()).toBe('rgb(20, 23, 26)');
    await page.click('#theme');
    expect(await back()).toBe('rgb(255, 255, 255)');
  });

  it('shows labels as text, whatever they hold', async ({ skip }) => {
    if (missing) skip(missing);
    const page = await open('hostile');
    expect(await count(page, 'img')).toBe(0);
    expect(await texts(page, '#tradeoff h4')).toContain(`${HOSTILE} accesses inferred`);
    expect(await count(page, '#over-time .line')).toBeGreaterThan(0);
  });
});
