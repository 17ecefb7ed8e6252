import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, HostError, InputError } from '../../base/errors.js';

const BOOT = '/boot';

const ADVICE =
  'give one with --kernel, such as that of a Debian package (apt-get download linux-image-VERSION-cloud-amd64, dpkg -x FILE FOLDER: FOLDER/boot/vmlinuz-…), or use --machine host';

/** Where an image for x86 says that it is one. Source: Documentation/arch/x86/boot.rst, header. */
const MAGIC_AT = 0x202;
const MAGIC = 'HdrS';

/** Whether a file is a kernel image for x86. */
export function hasBootHeader(image: Buffer): boolean {
  return image.toString('latin1', MAGIC_AT, MAGIC_AT + MAGIC.length) === MAGIC;
}

/** @throws InputError for a file that the virtual machine cannot boot */
export function checkImage(path: string): void {
  if (!hasBootHeader(readFileSync(path)))
    throw new InputError(`${path}: not a kernel image for x86-64 (no boot header), expected a vmlinuz`);
}

/** The newest of the names of kernels, by the numbers in them. */
export function newestOf(names: readonly string[]): string | undefined {
  return names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
}

/**
 * The kernel image for a virtual machine: the one that is given, else the newest that is installed.
 *
 * @throws InputError where the given one cannot be read; HostError where none is installed
 */
export function kernelImage(given: string | undefined, folder = BOOT): string {
  if (given !== undefined) {
    try {
      accessSync(given, constants.R_OK);
      return given;
    } catch (error) {
      throw fileError(error, given);
    }
  }
  const readable = installed(folder).filter((path) => {
    try {
      accessSync(path, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  });
  const newest = newestOf(readable);
  if (newest === undefined)
    throw new HostError(`the vm machine needs a kernel image, and ${folder} has none: ${ADVICE}`);
  return newest;
}

function installed(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith('vmlinuz-'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
