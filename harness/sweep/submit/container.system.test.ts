import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT, packageFile } from '../../base/package-root.js';
import { VERSION } from '../../metrics/host.js';
import { cannot, mustRun, runProgram } from '../../testing/system.js';

const IMAGE = 'reclaim-bench-test';
const engine = ['podman', 'docker'].find((name) => runProgram(name, ['info'], '/').code === 0);

it('the Containerfile makes an image that runs reclaim', (context) => {
  if (engine === undefined) return context.skip(cannot('neither podman nor docker runs containers here'));
  const [, image] = /^FROM (\S+)$/m.exec(readFileSync(packageFile('Containerfile'), 'utf8'))!;
  if (runProgram(engine, ['pull', image!], PACKAGE_ROOT).code !== 0)
    return context.skip(cannot(`${engine} cannot get the image ${image}`));
  mustRun(engine, ['build', '-f', 'Containerfile', '-t', IMAGE, '.'], PACKAGE_ROOT);
  expect(mustRun(engine, ['run', '--rm', IMAGE, '--version'], PACKAGE_ROOT)).toBe(`${VERSION}\n`);
  expect(mustRun(engine, ['run', '--rm', IMAGE, 'policies'], PACKAGE_ROOT)).toContain('linux');
});
