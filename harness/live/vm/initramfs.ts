/** A file of an archive. */
export interface ArchiveFile {
  readonly name: string;
  /** Type and permissions, as stat(2) has them. */
  readonly mode: number;
  readonly data: Uint8Array;
}

const MAGIC = '070701';
const EXECUTABLE = 0o100755;

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function member({ name, mode, data }: ArchiveFile, inode: number): Buffer {
  const terminated = Buffer.from(`${name}\0`);
  // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, terminated.length, 0];
  const header = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), terminated])), padded(data)]);
}

/** An archive of files as the kernel unpacks it at boot. Source: Documentation/driver-api/early-userspace/buffer-format.rst. */
export function newcArchive(files: readonly ArchiveFile[]): Buffer {
  const members = files.map((file, i) => member(file, i + 1));
  return Buffer.concat([...members, member({ name: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0) }, 0)]);
}

/** The file system of a machine whose only program is this one. @param more further files and folders */
export function initramfs(program: Uint8Array, more: readonly ArchiveFile[] = []): Buffer {
  return newcArchive([{ name: 'init', mode: EXECUTABLE, data: program }, ...more]);
}
