/** A command that writes whole files, and no run of an experiment. */
export interface Writer {
  readonly name: string;
  /** Its arguments; `out` is a file or folder that is not there. */
  args(out: string): readonly string[];
  /** The files that it writes, below `out`; the empty name is `out` itself. */
  readonly files: readonly string[];
}

/** The commands that are killed while they write, in a folder with `t.csv`, `t.lackey` and the results `whole`. */
export const WRITERS: readonly Writer[] = [
  {
    name: 'trace convert',
    args: (out) => ['trace', 'convert', 't.csv', `${out}.rtrace`],
    files: ['.rtrace'],
  },
  { name: 'trace import', args: (out) => ['trace', 'import', 't.lackey', `${out}.csv`], files: ['.csv'] },
  {
    name: 'replay',
    args: (out) => ['replay', 't.csv', '--limit', '50%', '--swap', 'ssd', '--out', out, '--quiet'],
    files: ['runs.csv', 'timeline.csv', 'spaces.csv', 'calls.csv'].map((name) => `/${name}`),
  },
  {
    name: 'gate',
    args: (out) => ['gate', 'whole', 'whole', '--format', 'json,junit', '--out', out],
    files: ['/gate.json', '/gate.junit.xml'],
  },
];
