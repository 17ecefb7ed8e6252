import { readFileSync } from 'node:fs';
import { packageFile } from '../base/package-root.js';

/** A command that a README shows, and the lines it shows below; a line `[...]` stands for any number of lines. */
export interface Shown {
  readonly args: readonly string[];
  readonly output: readonly string[];
}

/** The code blocks of a README in a language. */
function blocks(readme: string, language: string): string[] {
  const text = readFileSync(packageFile(readme), 'utf8');
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    (match) => match[1]!,
  );
}

/** The files that examples of READMEs speak of, by name: each is a code block of one of them. */
export function exampleFiles(): Readonly<Record<string, string>> {
  return {
    'pool.csv': blocks('traces/README.md', 'csv')[0]!,
    'pool.yaml': blocks('workloads/README.md', 'yaml')[0]!,
    'newest.mjs': blocks('harness/policy/README.md', 'js')[0]!,
  };
}

/** The commands that a README shows with their output, in its order. */
export function shownCommands(readme: string): Shown[] {
  return blocks(readme, 'console').flatMap((block) =>
    block
      .split(/^\$ reclaim /m)
      .slice(1)
      .map((part) => {
        const [command, ...output] = part.trimEnd().split('\n');
        return { args: command!.split(' '), output };
      }),
  );
}

/** Whether lines are what is shown, where `[...]` matches any lines. */
function matches(lines: readonly string[], shown: readonly string[]): boolean {
  const [first, ...rest] = shown;
  if (first === undefined) return lines.length === 0;
  if (first !== '[...]') return lines[0] === first && matches(lines.slice(1), rest);
  return lines.some((_, i) => matches(lines.slice(i), rest)) || matches([], rest);
}

/** What is wrong with the output of a command, as a README shows it; undefined where nothing is. */
export function differs(stdout: string, { output }: Shown): string | undefined {
  const text = stdout.trimEnd();
  const lines = text === '' ? [] : text.split('\n');
  return matches(lines, output) ? undefined : text;
}

/** `reclaim compare` alone runs for a minute or more: a system test has it. */
export function isLong({ args }: Shown): boolean {
  return args.join(' ') === 'compare';
}

/** The commands that the README of a folder names in its shell examples, without comments and redirections. */
export function exampleCommands(readme: string): string[][] {
  return blocks(readme, 'sh')
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/^npx /, ''))
    .filter((line) => line.startsWith('reclaim '))
    .map((line) =>
      line
        .replace(/ +(#|>) .*$/, '')
        .split(' ')
        .slice(1),
    );
}

/** A table as a README has it. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** The table of a README whose first column is headed so; undefined when there is none. */
export function tableIn(readme: string, firstColumn: string): string | undefined {
  const lines = readme.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${firstColumn} |`));
  if (start < 0) return undefined;
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'));
  return lines.slice(start, length < 0 ? undefined : start + length).join('\n');
}
