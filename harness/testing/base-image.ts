import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { mustRun } from './system.js';

/** Programs that the instructions of the Containerfile run, besides node and npm. */
const PROGRAMS = ['sh', 'env', 'rm', 'mkdir', 'chown'];
/** Libraries of glibc that programs load without being linked with them, or that packages of npm are linked with. */
const GLIBC = /^lib(rt|dl|m|pthread|util|resolv|nss_files|nss_dns)\.so\.\d$/;

/** Copies a file that may be a link to where the same path is below `root`. */
function place(root: string, file: string, target = file): void {
  mkdirSync(join(root, dirname(target)), { recursive: true });
  cpSync(realpathSync(file), join(root, target));
}

/** The shared libraries of a program, and its loader. */
function librariesOf(program: string): string[] {
  return mustRun('ldd', [program], '/').match(/\/\S+/g) ?? [];
}

/**
 * Makes the files of an image that stands for the official one of Node, where no registry of images can be reached: this host's
 * Node, npm with its settings, and what the instructions of the Containerfile call.
 *
 * @param root an empty folder
 */
export function makeBaseFiles(root: string): void {
  for (const folder of [
    'usr/bin',
    'usr/sbin',
    'usr/lib',
    'usr/lib64',
    'tmp',
    'root',
    'etc',
    'proc',
    'dev',
    'sys',
  ])
    mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const link of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${link}`, join(root, link));
  const programs = PROGRAMS.map((name) => mustRun('which', [name], '/').trim());
  const libraries = new Set([process.execPath, ...programs].flatMap(librariesOf));
  for (const program of programs) place(root, program);
  for (const library of libraries) {
    place(root, library);
    if (!basename(library).startsWith('libc.so')) continue;
    const folder = dirname(library);
    for (const name of readdirSync(folder)) if (GLIBC.test(name)) place(root, join(folder, name));
  }
  place(root, process.execPath, 'usr/local/bin/node');
  placeNpm(root);
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
}

/** npm, and which registry it uses here. */
function placeNpm(root: string): void {
  const npm = dirname(dirname(realpathSync(mustRun('which', ['npm'], '/').trim())));
  cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  const setting = (name: string) => mustRun('npm', ['config', 'get', name], '/').trim();
  const copies = [
    [setting('globalconfig'), 'usr/local/etc/npmrc'],
    [setting('userconfig'), 'root/.npmrc'],
    [setting('cafile'), undefined],
  ] as const;
  for (const [file, target] of copies) if (existsSync(file)) place(root, file, target);
}
