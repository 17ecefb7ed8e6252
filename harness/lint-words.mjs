// Words that say something else in English than was meant: `npm run lint` finds them in code, comments, printed text and
// documentation. `node harness/lint-words.mjs FILE…` looks at some files, without arguments at all files that git tracks.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What is found, and what to write instead. */
const WORDS = [
  [/\b[Gg]ives\b(?!.*\b(back|up)\b)/, '"Returns", or a verb that says what happens'],
  [/(?<!\b(s|seconds) |\\u00b5s )\bapart\b(?! from)/, '"except", "excluding", "distinguished", "separately"'],
  [/\banew\b/, '"again"'],
  [/\b[Ss]o many\b/, '"that many", "this number of"'],
  [/\b[Bb]eside\b/, '"besides", "next to", "as well as"'],
  [
    /\b([Nn]obody|[Aa]nybody|[Ww]hoever)\b/,
    '"nothing", "no one", "the caller", or the part of the program that is meant',
  ],
  [/(?<!there )\bis none\b/, '"is not one", "is not a …"'],
];

const TEXT = /\.(ts|mjs|md|yaml|css)$/;

function trackedFiles() {
  return execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n');
}

const given = process.argv.slice(2);
const files = (given.length > 0 ? given : trackedFiles()).filter(
  (file) => TEXT.test(file) && !file.endsWith('lint-words.mjs'),
);
let found = 0;
for (const file of files) {
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((line, i) => {
      for (const [word, instead] of WORDS) {
        const match = word.exec(line);
        if (!match) continue;
        console.error(`${file}:${i + 1}: "${match[0]}": write ${instead}`);
        found++;
      }
    });
}
if (found > 0) process.exit(1);
