/** Saves a file. Works without a network, from a file too. */
export function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The bytes of a file that the page holds compressed. */
async function contentOf(id: string): Promise<Blob> {
  const text = document.getElementById(id)?.textContent ?? '';
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).blob();
}

/** Makes the buttons of files save them. */
export function makeDownloads(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-file]')) {
    button.addEventListener('click', async () => {
      const id = `file-${button.dataset.file}`;
      save(document.getElementById(id)?.dataset.name ?? id, await contentOf(id));
    });
  }
}
