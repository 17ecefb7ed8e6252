import { rowsOf } from '../columns.js';
import { byId } from './dom.js';

/** Saves a file. Works without a network, from a file too. */
export function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A file that the page holds compressed, CSV by columns. */
async function contentOf(held: HTMLElement): Promise<Blob> {
  const bytes = Uint8Array.from(atob(held.textContent ?? ''), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const content = await new Response(stream).blob();
  return held.dataset.columns === undefined ? content : new Blob([rowsOf(await content.text())]);
}

/** Makes the buttons of files save them. */
export function makeDownloads(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-file]')) {
    button.addEventListener('click', async () => {
      const held = byId(`file-${button.dataset.file}`);
      save(held.dataset.name!, await contentOf(held));
    });
  }
}
