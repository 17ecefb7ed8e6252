// Makes man pages of what `--help` prints, and of the examples that it prints: one of the program, and one of each command, in man/. Runs
// before the package is packed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MAN = join(ROOT, 'man');
const CLI = join(ROOT, 'dist', 'harness', 'cli.js');
// npm packs before it builds.
execFileSync(process.execPath, [join(ROOT, 'harness', 'build.mjs')], { stdio: 'ignore' });
const { EXAMPLES } = await import('../dist/harness/commands/examples.js');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

function helpOf(words) {
  return execFileSync(process.execPath, [CLI, ...words, '--help'], { encoding: 'utf8' });
}

/** Text as roff takes it: no line begins a request, and hyphens are those of a keyboard. */
function roff(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(['.])/gm, '\\&$1');
}

/** The parts of a help text: its usage, what the command does, sections by their heads, and what stands at the end. */
function partsOf(help) {
  const [usage, ...blocks] = help.trimEnd().split('\n\n');
  const sections = new Map();
  const loose = [];
  for (const block of blocks) {
    const head = /^(Commands|Positionals|Options|Examples):\n/.exec(block);
    if (head) sections.set(head[1], block.slice(head[0].length));
    else loose.push(block);
  }
  const [summary = '', ...end] = loose;
  return { usage: usage.replace(/\n+/g, ' '), summary: summary.replace(/\s+/g, ' '), sections, end };
}

/** Entries of a section: what begins at its least indent, and what is said of it. */
function entriesOf(text) {
  const entries = [];
  for (const line of text.split('\n')) {
    const [, term, words] = /^ {2,8}(\S.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
    const begins = term !== undefined && /^ {2,8}\S/.test(line) && !/^ {9,}/.test(line);
    if (begins) entries.push({ term, words: [words ?? ''] });
    else entries.at(-1)?.words.push(line.trim());
  }
  return entries.map(({ term, words }) => ({ term, words: words.join(' ').replace(/\s+/g, ' ').trim() }));
}

const HEADS = { Commands: 'COMMANDS', Positionals: 'ARGUMENTS', Options: 'OPTIONS' };

/** The example of a command, from its table: help breaks a long one into two columns of lines. */
function exampleLines(words) {
  const [args, what] = EXAMPLES[words.join(' ')] ?? [];
  return args === undefined ? [] : ['.SH EXAMPLES', '.TP', `.B reclaim ${roff(args)}`, roff(what)];
}

/** The man page of a command. @param words its name, as in `trace info`; none: the program */
function manPage(words, help) {
  const name = ['reclaim', ...words].join('-');
  const { usage, summary, sections, end } = partsOf(help);
  const lines = [
    `.TH ${name.toUpperCase()} 1 "" "reclaim-bench ${version}" "User Commands"`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(summary)}`,
    '.SH SYNOPSIS',
    `.B ${roff(usage)}`,
  ];
  for (const [section, text] of sections) {
    if (!(section in HEADS)) continue;
    lines.push(`.SH ${HEADS[section]}`);
    for (const { term, words: said } of entriesOf(text)) lines.push('.TP', `.B ${roff(term)}`, roff(said));
  }
  lines.push(...exampleLines(words));
  if (end.length > 0)
    lines.push('.SH NOTES', end.map((block) => roff(block.replace(/\s+/g, ' '))).join('\n.PP\n'));
  const others =
    words.length > 0
      ? 'reclaim (1)'
      : 'reclaim-compare (1), reclaim-replay (1), and those of the other commands';
  lines.push('.SH SEE ALSO', `${roff(others)}; https://www.npmjs.com/package/reclaim\\-bench`, '');
  return { file: `${name}.1`, text: lines.join('\n') };
}

/** The commands that a help text lists. */
function commandsOf(words, help) {
  const prefix = ['reclaim', ...words].join(' ');
  const listed = partsOf(help).sections.get('Commands') ?? '';
  return [...listed.matchAll(new RegExp(`^ {2}${prefix} (\\S+)`, 'gm'))].map((match) => [...words, match[1]]);
}

function pages(words = []) {
  const help = helpOf(words);
  const below = words.at(-1) === 'completion' ? [] : commandsOf(words, help);
  return [manPage(words, help), ...below.filter((one) => one.at(-1) !== 'completion').flatMap(pages)];
}

rmSync(MAN, { recursive: true, force: true });
mkdirSync(MAN);
for (const { file, text } of pages()) writeFileSync(join(MAN, file), text);
