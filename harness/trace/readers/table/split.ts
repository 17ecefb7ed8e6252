/** Delimiters in order of preference where a line has several alike, as libCacheSim weighs them. */
const DELIMITERS = ['\t', ',', '|', ':', ';'];

/** The fields of a line, without the quotes around them. @param delimiter a space stands for any run of blanks */
export function splitFields(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return delimiter === ' ' ? line.trim().split(/[ \t]+/) : line.split(delimiter);
  if (delimiter === ' ')
    return [...line.matchAll(/"((?:[^"]|"")*)"|[^ \t]+/g)].map(([field, text]) => text ?? field);
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (letter === '"') {
      if (quoted && line[at + 1] === '"') field += line[at++];
      else quoted = !quoted;
    } else if (letter === delimiter && !quoted) {
      fields.push(field);
      field = '';
    } else field += letter;
  }
  return [...fields, field];
}

/** The delimiter of a line: the one that makes most fields of it; blanks where no other makes any. */
export function delimiterOf(line: string): string {
  const counts = DELIMITERS.map((delimiter) => splitFields(line, delimiter).length);
  const most = Math.max(...counts);
  return most > 1 ? DELIMITERS[counts.indexOf(most)]! : ' ';
}
