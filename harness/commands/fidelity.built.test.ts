import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliFolder } from '../testing/cli-folder.js';
import { temporaryFolder } from '../testing/folder.js';

const cli = new CliFolder('one process');
/** From where programs may be run. */
const folder = temporaryFolder('reclaim-fidelity-');
const TRACE = 'time_us,op,space,page,count,arg\n0,spawn,1,,,\n1,map,1,0,4,anon\n2,write,1,0,4,\n';

function trace(): string {
  const path = join(folder(), 'trace.csv');
  writeFileSync(path, TRACE);
  return path;
}

describe('a live kernel that is not possible', () => {
  it('is one line, with exit code 2 for what is given and 3 for what the host lacks', () => {
    const image = join(folder(), 'vmlinuz-1');
    const missing = cli.run('fidelity', trace(), '--kernel', image);
    expect([missing.code, missing.stderr]).toEqual([2, `reclaim: ${image}: no such file\n`]);
    writeFileSync(image, '');
    const { PATH } = process.env;
    process.env.PATH = folder();
    try {
      const { code, stderr } = cli.run('replay', trace(), '--machine', 'vm', '--kernel', image);
      expect(code).toBe(3);
      expect(stderr).toMatch(
        /^reclaim: the vm machine needs an emulator: not found: qemu-system-x86_64 .*--machine host needs none\n$/,
      );
      writeFileSync(join(folder(), 'qemu-system-x86_64'), '#!/bin/sh\n', { mode: 0o755 });
      const unbuilt = cli.run('replay', trace(), '--machine', 'vm', '--kernel', image);
      expect([unbuilt.code, unbuilt.stderr]).toEqual([
        3,
        'reclaim: the vm machine cannot be built: a C compiler is needed: not found: cc, gcc, clang; --machine sim needs none\n',
      ]);
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('flags that change nothing are refused', () => {
    const flags = [
      ['--kernel', 'x'],
      ['--machine', 'vm', '--seed', '7'],
      ['--machine', 'vm', '--costs', 'x'],
    ];
    for (const given of flags) {
      const { code, stderr } = cli.run('replay', trace(), ...given);
      expect([given, code]).toEqual([given, 2]);
      expect(stderr).toMatch(/^reclaim: --(kernel|seed|costs) has no effect on --machine (sim|vm), expected/);
    }
  });
});
