/** Work that the kernel does on its own account, in trace time. */
export interface Daemon {
  /** When it runs next, in µs of trace time; infinity while it sleeps. */
  readonly dueUs: number;
  /** Does its work at its time, and sets the next one: later than `nowUs`. */
  run(nowUs: number): void;
}

/** The daemons of a machine. Those due at the same time run in the order of the list. */
export class Daemons {
  constructor(private readonly daemons: Daemon[]) {}

  add(daemon: Daemon): void {
    this.daemons.push(daemon);
  }

  /** When the first is due. */
  get dueUs(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const daemon of this.daemons) if (daemon.dueUs < due) due = daemon.dueUs;
    return due;
  }

  /** Runs those that are due at a time. */
  run(nowUs: number): void {
    for (const daemon of this.daemons) if (daemon.dueUs <= nowUs) daemon.run(nowUs);
  }
}
