import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.js';
import { sealResults, writeComparison } from '../../testing/results.js';
import { cannot, mustRun } from '../../testing/system.js';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const HOSTILE = '</script><img src=x onerror=alert(1)>';

const EXPERIMENT = `name: in-a-browser
families:
  database: [mariadb-resize]
  browser: [chromium-cache]
discard: [keep, remove, punch, dontneed, free, volatile]
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

async function open(name: string, options: BrowserContextOptions = {}): Promise<Page> {
  complaints = [];
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const url = pathToFileURL(join(folder, name, 'report.html')).href;
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  page.on('request', (request) => {
    // The content of a saved file is no network.
    if (request.url() !== url && !request.url().startsWith('blob:')) complaints.push(request.url());
  });
  await page.goto(url);
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
    expect(await texts(page, '#tradeoff h4')).toEqual(['mariadb-resize first accesses only']);
    await page.selectOption('#family', 'browser');
    expect(await texts(page, '#tradeoff h4')).toEqual(['chromium-cache accesses inferred']);
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
    expect(await page.locator('#tip').textContent()).toMatch(/saved: .*stalled: /);
    await page.keyboard.press('Enter');
    expect(await count(page, '#legend [aria-pressed=true]')).toBe(1);
    // All that acts is reached by Tab: no element takes itself out, and all have a name.
    expect(await count(page, 'main [tabindex="-1"]:not(h3):not(main)')).toBe(0);
    const nameless = await page.evaluate(NAMELESS);
    expect(nameless).toEqual([]);
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
      'Math.max(...[...document.querySelectorAll("svg")].map((one) => one.getBoundingClientRect().right))',
    );
    expect(wide).toBeLessThanOrEqual(360);
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
