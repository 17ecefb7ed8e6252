import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PACKAGE_ROOT, packageFile } from '../../base/package-root.js';
import { VERSION } from '../../metrics/host.js';
import { makeBaseFiles } from '../../testing/base-image.js';
import { cannot, mustRun, runProgram } from '../../testing/system.js';

const IMAGE = 'reclaim-bench-test';
const [, BASE] = /^FROM (\S+)/m.exec(readFileSync(packageFile('Containerfile'), 'utf8'))!;
const engine = ['podman', 'docker'].find((name) => runProgram(name, ['info'], '/').code === 0);

const folder = mkdtempSync(join(tmpdir(), 'reclaim-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs buildah with images of its own. */
function buildah(...args: string[]): string {
  const store = [
    '--root',
    join(folder, 'images'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'vfs',
  ];
  return mustRun('buildah', [...store, ...args], PACKAGE_ROOT);
}

/** What `reclaim` prints in a container of the image. */
type Run = (...args: string[]) => string;

function expectReclaim(run: Run): void {
  expect(run('--version')).toBe(`${VERSION}\n`);
  expect(run('policies')).toContain('linux');
}

it('the Containerfile makes an image that runs reclaim', (context) => {
  if (engine === undefined) return context.skip(cannot('neither podman nor docker runs containers here'));
  if (runProgram(engine, ['pull', BASE!], PACKAGE_ROOT).code !== 0)
    return context.skip(cannot(`${engine} cannot get the image ${BASE}`));
  mustRun(engine, ['build', '-f', 'Containerfile', '-t', IMAGE, '.'], PACKAGE_ROOT);
  expectReclaim((...args) => mustRun(engine, ['run', '--rm', IMAGE, ...args], PACKAGE_ROOT));
});

it('its instructions do the same on an image of this host’s Node, where no image can be fetched', (context) => {
  if (process.getuid?.() !== 0) return context.skip(cannot('buildah with isolation chroot needs root'));
  if (runProgram('buildah', ['--version'], '/').code !== 0)
    return context.skip(cannot('buildah (apt install buildah) is not installed'));
  const files = join(folder, 'base');
  mkdirSync(files);
  makeBaseFiles(files);
  const base = buildah('from', 'scratch').trim();
  buildah('copy', '--quiet', base, files, '/');
  buildah('commit', '--quiet', base, BASE!);
  buildah('build', '--isolation', 'chroot', '--pull-never', '-f', 'Containerfile', '-t', IMAGE, '.');
  const { OCIv1: image } = JSON.parse(buildah('inspect', '--type', 'image', IMAGE));
  expect(image.config).toMatchObject({ User: 'node', WorkingDir: '/sweep', Entrypoint: ['reclaim'] });
  const container = buildah('from', '--pull-never', IMAGE).trim();
  const run: Run = (...args) => buildah('run', '--isolation', 'chroot', container, '--', 'reclaim', ...args);
  expectReclaim(run);
  // As the image's user, in the folder of the sweep.
  expect(run('trace', 'generate', 'zipf', 'zipf.csv', '--param', 'events=1000')).toBe('');
  expect(run('replay', 'zipf.csv', '--format', 'csv')).toContain('zipf');
});
