import type { Guard } from '../guard/guard.js';
import type { AttachedProcess } from './manifest.js';
import type { Program } from './process.js';

/** What is recorded: a program that is started, or one that runs already. */
export type Target = { readonly command: readonly string[] } | { readonly pid: number };

/** What `--accesses` asks for. */
export interface AccessOptions {
  /** A page is written down at most once in this time, and again after each memory call; 0: every access. */
  readonly everyMs: number;
  /** One page of this number is recorded, by a hash of its address; 1: all. */
  readonly sample: number;
}

/** What the user asks to be recorded. */
export interface RecordRequest {
  readonly target: Target;
  /** Every page read or written; without, calls and first accesses. */
  readonly accesses?: AccessOptions | undefined;
  /** How often contents of pages are hashed, in ms; undefined: never. */
  readonly contentsEveryMs?: number | undefined;
  /** Calls are recorded without any accesses (`--calls`). */
  readonly callsAlone: boolean;
  /** strace stops the program at the traced calls alone (`--seccomp-bpf`). */
  readonly seccompBpf: boolean;
  /** The buffer of each CPU, for an engine that has one (`--buffer`). */
  readonly bufferKib?: number | undefined;
}

/** What an engine works with. */
export interface EngineContext {
  /** The raw folder: it exists and is empty. */
  readonly raw: string;
  /** A folder of this recording for what is neither raw data nor a result: it is removed afterwards. */
  readonly folder: string;
  readonly guard: Guard;
}

/** What an engine says when it has stopped. */
export interface EngineReport {
  /** Its files in the raw folder. */
  readonly files: readonly string[];
  /** Events that the kernel or the tool dropped. */
  readonly lostEvents: number;
  /** Tracepoints and calls that this kernel does not have. */
  readonly missing: readonly string[];
  /** What is known of accesses: none, faults without or with their direction, every page. */
  readonly accesses: 'none' | 'faults' | 'directed-faults' | 'pages';
  /** Processes that went on when recording stopped. */
  readonly goOn?: readonly number[] | undefined;
  /** What ran before the recording began (`--pid`). */
  readonly attached: readonly AttachedProcess[];
  /** What else the reader needs to know, by its own names. */
  readonly details?: Readonly<Record<string, string | number>>;
}

/** A recording that goes on. */
export interface Running {
  readonly program: Program;
  /** Resolves where a process that records has died, with what is to be said; the recording is not complete then. */
  readonly broken: Promise<string>;
  /** Lets go of what it holds, where the recording has failed: files stay as they are. */
  abandon?(): void;
  /**
   * Stops recording and completes the files. The program goes on where it has not ended.
   *
   * @throws HostError where the files cannot be completed
   */
  stop(): Promise<EngineReport>;
}

/** A way to record: a folder here, and a line in `engines.ts`. */
export interface Engine {
  readonly name: 'tracefs' | 'strace' | 'valgrind';
  /** Whether its own files have contents of pages where they are asked for. */
  readonly recordsContents?: boolean;
  /** Why it cannot record this here: one line, what is missing and what is possible without it. Undefined where it can. */
  unavailable(request: RecordRequest): string | undefined;
  /** Starts the program, or attaches to it. */
  start(request: RecordRequest, context: EngineContext): Promise<Running>;
}
