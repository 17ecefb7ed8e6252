import { gzipSync } from 'fflate';
import { columnsOf } from './by-columns.js';
import { html, type Markup, SCRIPT_END } from './markup.js';

/** A file that a reader can save from the page. */
export interface Attachment {
  readonly name: string;
  readonly content: Uint8Array;
  readonly kind: 'results' | 'figure';
}

function size(bytes: number): string {
  return bytes < 100_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * Buttons that save attached files; the script of the page makes them work.
 *
 * @param leftOut why no specifications of figures are among them
 */
export function downloadList(attachments: readonly Attachment[], leftOut?: string): Markup {
  const list = (kind: Attachment['kind']) =>
    attachments.map(({ name, content, kind: own }, i) =>
      own === kind
        ? html`<li><button type="button" data-file="${i}">${name}</button> <span class="note">${size(content.length)}</span></li>\n`
        : undefined,
    );
  const figures = attachments.filter(({ kind }) => kind === 'figure').length;
  return html`<ul class="files">\n${list('results')}</ul>
${leftOut && html`<p class="note">Without the Vega-Lite specifications of figures: ${leftOut}.</p>\n`}${
  figures > 0 &&
  html`<details><summary>Vega-Lite specifications of ${figures} figures, with their data</summary>
<p class="note"><code>reclaim report</code> draws them as PDF, SVG and PNG; any Vega-Lite renderer does.</p>
<ul class="files">\n${list('figure')}</ul>
</details>\n`
}`;
}

/** The highest level takes two thirds longer for two hundredths less. */
const LEVEL = 6;

/** A file as the page holds it: compressed, CSV by columns where that can be undone. */
function held({ name, content }: Attachment): { readonly data: string; readonly byColumns: boolean } {
  const columns = name.endsWith('.csv') ? columnsOf(content) : undefined;
  // A fixed time: the same files are the same bytes.
  const data = Buffer.from(gzipSync(columns ?? content, { level: LEVEL, mtime: 0 })).toString('base64');
  return { data, byColumns: columns !== undefined };
}

/** The attached files, compressed. */
export function attachedFiles(attachments: readonly Attachment[]): Markup {
  return html`${attachments.map((file, i) => {
    const { data, byColumns } = held(file);
    return html`<script type="application/gzip" id="file-${i}" data-name="${file.name}"${byColumns && html` data-columns`}>${data}${SCRIPT_END}\n`;
  })}`;
}
