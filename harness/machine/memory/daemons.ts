/** Work that the kernel does on its own account, in trace time. */
export abstract class Daemon {
  /** Called when `dueUs` has changed. */
  rescheduled: (() => void) | undefined;
  private due = Number.POSITIVE_INFINITY;

  /** When it runs next, in µs of trace time; infinity while it sleeps. */
  get dueUs(): number {
    return this.due;
  }

  set dueUs(timeUs: number) {
    this.due = timeUs;
    this.rescheduled?.();
  }

  /** Does its work at its time, and sets the next one: later than `nowUs`. */
  abstract run(nowUs: number): void;
}

/** The daemons of a machine. Those due at the same time run in the order of the list. */
export class Daemons {
  /** When the first is due. Kept, since it is asked for at every change of time. */
  dueUs = Number.POSITIVE_INFINITY;
  private readonly daemons: Daemon[] = [];

  constructor(daemons: readonly Daemon[]) {
    for (const daemon of daemons) this.add(daemon);
  }

  add(daemon: Daemon): void {
    this.daemons.push(daemon);
    daemon.rescheduled = () => this.reschedule();
    this.reschedule();
  }

  /** Runs those that are due at a time. */
  run(nowUs: number): void {
    for (const daemon of this.daemons) if (daemon.dueUs <= nowUs) daemon.run(nowUs);
  }

  private reschedule(): void {
    let due = Number.POSITIVE_INFINITY;
    for (const daemon of this.daemons) if (daemon.dueUs < due) due = daemon.dueUs;
    this.dueUs = due;
  }
}
