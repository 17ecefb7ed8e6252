import { type Files, OutputFolder } from './folder.js';

/**
 * Checks that files can be added to a folder, before they are made. Leaves nothing behind.
 *
 * @throws InputError as `OutputFolder.open`
 */
export async function checkFolder(path: string): Promise<void> {
  (await OutputFolder.open(path, { replaces: false })).close();
}

/** Adds files to a folder, which is made if need be. @throws InputError as `OutputFolder.open` and `OutputFolder.add` */
export async function addFiles(path: string, files: Files, note: (text: string) => void): Promise<void> {
  const folder = await OutputFolder.open(path, { replaces: false, note });
  try {
    await folder.add(files);
  } finally {
    folder.close();
  }
}
