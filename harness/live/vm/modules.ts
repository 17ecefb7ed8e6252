import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ArchiveFile } from './initramfs.js';

/**
 * Modules that the virtual machine may need, each after those that it uses. A kernel that has one built in, or has no use for it,
 * has no such file.
 */
export const MODULES = [
  'lzo',
  'lzo-rle',
  'lz4_compress',
  'lz4hc_compress',
  'lz4',
  'lz4hc',
  '842_compress',
  '842_decompress',
  '842',
  'zstd_compress',
  'zstd',
  'zsmalloc',
  'zram',
  'configfs',
  'null_blk',
] as const;
export type ModuleName = (typeof MODULES)[number];

/** A module in the virtual machine. */
export interface KernelModule {
  readonly name: ModuleName;
  /** Its path there. */
  readonly path: string;
  readonly compressed: boolean;
  readonly data: Uint8Array;
}

/** Where modules of an image may be: in its own folder, or next to that as in packages and where they are installed. */
function treesOf(image: string): string[] {
  const real = realpathSync(image);
  const release = basename(real).replace(/^[a-zA-Z]+-/, '');
  const folder = dirname(real);
  const root = dirname(folder);
  return [folder, ...['lib', 'usr/lib'].map((name) => join(root, name, 'modules', release))];
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
}

/** The modules of a kernel image that the virtual machine may need, in the order in which they are inserted. */
export function modulesOf(image: string): KernelModule[] {
  for (const tree of treesOf(image)) {
    const files = filesBelow(join(tree, 'kernel'));
    const found = new Map(
      files.flatMap((file) => {
        const [, name, compression] = /([\w-]+)\.ko(\.\w+)?$/.exec(file) ?? [];
        return name === undefined ? [] : [[name, { file, compression }] as const];
      }),
    );
    const modules = MODULES.flatMap((name) => {
      const module = found.get(name);
      if (!module) return [];
      const data = readFileSync(join(tree, 'kernel', module.file));
      return [{ name, path: `/modules/${name}.ko`, compressed: module.compression !== undefined, data }];
    });
    if (modules.length > 0) return modules;
  }
  return [];
}

const FOLDER = 0o040755;
const FILE = 0o100644;

/** Modules as members of the archive that the kernel unpacks at boot. */
export function moduleFiles(modules: readonly KernelModule[]): ArchiveFile[] {
  if (modules.length === 0) return [];
  const folder = { name: 'modules', mode: FOLDER, data: new Uint8Array() };
  return [folder, ...modules.map(({ path, data }) => ({ name: path.slice(1), mode: FILE, data }))];
}
