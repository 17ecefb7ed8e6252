/** The limit cannot be met: nothing that could go is left. Ends the cell with outcome `oom`. */
export class OutOfMemory extends Error {
  /** @param cgroup whose limit it is, where it is not that of the trace */
  constructor(
    pages: number,
    readonly cgroup?: string,
  ) {
    const all = cgroup === undefined ? 'are all there are' : `are all that cgroup ${cgroup} may have`;
    super(`no page can be reclaimed and ${pages} pages ${all}`);
    this.name = 'OutOfMemory';
  }
}
