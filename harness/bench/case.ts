/** The time of a run that measures itself. */
export interface OwnTime {
  readonly ns: number;
  /** The same by parts of the run, which do equal work every time. */
  readonly partsNs: readonly number[];
  /** CPU time, where a process of its own was timed. */
  readonly cpuNs?: number;
}

/** One thing that is timed. */
export interface BenchCase {
  /** Begins with the name of its suite and `/`. */
  readonly name: string;
  /** Events or requests one run works through. */
  readonly events: number;
  /** Makes what the runs need: not timed. */
  prepare?(): Promise<void>;
  /** One run; returns its time where it measures itself, nothing where the whole call is timed. */
  run(): Promise<OwnTime | undefined>;
  /** What it is compared with. Runs alternate, so that what else happens on the host meets both alike. */
  against?(): Promise<OwnTime>;
  /** Where cases of a suite are judged each by its own: how much it may take of the time of what it is compared with, and of which time. */
  readonly target?: number;
  readonly judged?: 'cpu' | 'wall';
  /** How often it is timed at most, without a run to warm up, where a run takes minutes. */
  readonly mostSamples?: number;
  /** What the last run reports besides its time. */
  remark?(): string;
  /** What is wrong with what the runs found, if anything is. */
  problem?(): string | undefined;
  /** Gives back what `prepare` made. */
  close?(): Promise<void>;
}

/** The samples of one case. */
export interface BenchResult {
  readonly name: string;
  readonly events: number;
  /** Wall time of each run, in ns, in the order they ran. */
  readonly wallNs: readonly number[];
  /** The time of a run that nothing else disturbs, as far as can be known (`undisturbed`). */
  readonly undisturbedNs: number;
  /** CPU time of each run, where processes of their own are timed. */
  readonly cpuNs?: readonly number[] | undefined;
  /** The same for what it is compared with; runs alternate. */
  readonly against?: Pick<BenchResult, 'wallNs' | 'undisturbedNs' | 'cpuNs'>;
  readonly remark: string;
  readonly problem?: string | undefined;
}

/** How the two times of a suite's cases are named and judged. */
export interface Versus {
  /** Heads of the columns, and the last parts of the names in perf.csv. */
  readonly run: string;
  readonly against: string;
  /** How many times as long as what it is compared with a run may take. Source: design, section 9. */
  readonly target: number;
}

/** Cases that belong together: one table. */
export interface Suite {
  /** First part of the names of its cases. */
  readonly name: string;
  /** The line above its table. */
  readonly about: string;
  /** Given when its cases are compared with something. */
  readonly versus?: Versus;
  /** Head of the column for what cases remark; without it, remarks are lines below the table. */
  readonly remarks?: string;
  readonly cases: readonly BenchCase[];
  /** Its table with what is to say of it, where it is not the usual one. */
  text?(suite: Suite, results: readonly BenchResult[]): string;
  /** Why this host cannot run it, if it cannot. */
  missing?(): string | undefined;
}
