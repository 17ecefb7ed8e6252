import {
  appendFileSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';

/**
 * All that changes files of results. Tests put one in its place that fails or stops at the n-th change: what is promised
 * of a crash or a full disk is tried at each of them.
 */
export interface Disk {
  /** Writes a new file. @throws the error of the file system; a part may have been written */
  write(path: string, content: string | Uint8Array): void;
  /** Writes more of a file, at its end. @throws as `write` */
  append(path: string, content: string | Uint8Array): void;
  /** Waits until a file or folder is on the device. */
  sync(path: string): void;
  /** Renames a file over another one, atomically. */
  rename(from: string, to: string): void;
  /** Makes a second name for a file. @throws EEXIST where there is such a name */
  link(from: string, to: string): void;
  remove(path: string): void;
  makeFolder(path: string): void;
  /** Removes a folder. @throws ENOTEMPTY where it holds anything */
  removeFolder(path: string): void;
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The file system. */
export const DISK: Disk = {
  write: (path, content) => writeFileSync(path, content, { flag: 'wx' }),
  append: (path, content) => appendFileSync(path, content),
  sync,
  rename: renameSync,
  link: linkSync,
  remove: unlinkSync,
  makeFolder: (path) => mkdirSync(path),
  removeFolder: rmdirSync,
};
