import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { textWidth } from '../report/terminal-text.js';
import { CliFolder } from '../testing/cli-folder.js';
import { EVENT_SAMPLES } from '../testing/event-samples.js';
import { EXAMPLES } from './examples.js';

const cli = new CliFolder('one process');

/** Examples that other tests run, as not every host can. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  record: 'harness/record/record.system.test.ts',
  fidelity: 'harness/live/live.system.test.ts',
  calibrate: 'harness/live/calibrate/calibrate.system.test.ts',
  bench: 'harness/commands/bench.built.test.ts',
};

/** The commands that help lists. @param words of a command that has actions */
function listedBy(...words: string[]): string[] {
  const { stdout } = cli.run(...words, '--help');
  const prefix = ['reclaim', ...words].join(' ');
  return [...stdout.matchAll(new RegExp(`^ {2}${prefix} (\\S+)`, 'gm'))].map((match) =>
    [...words, match[1]!].join(' '),
  );
}

describe('help', () => {
  const helps = new Map<string, string>();
  const helpOf = (command: string) => {
    const known = helps.get(command) ?? cli.run(...command.split(' '), '--help').stdout;
    helps.set(command, known);
    return known;
  };

  it('has an example for each command, and no other', () => {
    const commands = [...listedBy(), ...listedBy('trace')].filter(
      (name) => name !== 'completion' && name !== 'trace',
    );
    expect(Object.keys(EXAMPLES).toSorted()).toEqual(commands.toSorted());
  });

  it('fits 80 columns, and shows the example', () => {
    for (const [command, [args]] of Object.entries(EXAMPLES)) {
      const help = helpOf(command);
      expect([command, help.split('\n').filter((line) => textWidth(line) > 80)]).toEqual([command, []]);
      // Long ones are broken into lines.
      expect(help.replace(/\s+/g, ' ')).toContain(`Examples: reclaim ${args.split(' ')[0]}`);
    }
  });

  it('has examples that work, one after the other in one folder', () => {
    cli.write('app.strace', EVENT_SAMPLES.strace!.bytes);
    for (const [command, [args]] of Object.entries(EXAMPLES)) {
      const elsewhere = ELSEWHERE[command];
      if (elsewhere !== undefined) {
        expect(readFileSync(packageFile(elsewhere), 'utf8'), command).toContain(`'${command}'`);
        continue;
      }
      const { code, stderr } = cli.run(...args.split(' '));
      expect([args, code, code === 0 ? '' : stderr]).toEqual([args, 0, '']);
    }
  });
});
