import { readFileSync } from 'node:fs';
import { packageFile } from '../../../base/package-root.js';
import { hasTwoProcesses, simulateWorkload } from './rows.js';

/** The limit of the cgroups, in pages: 16 MiB. */
const LIMIT = 4096;

/** Stack and data of a second process are charged too, and not in the trace; its tables are kernel pages. */
const SECOND_PROCESS = 25;

/** How far major faults may be from what the kernel's runs counted. */
const ALLOWED = 0.03;
/** The same where there are few. */
const ALLOWED_FAULTS = 5;

/** A workload on a kernel with `lru_gen` on. */
export interface GenerationRow {
  /** `kernel` and `name`. */
  readonly key: string;
  /** Value of setting `kernel.version`. */
  readonly kernel: string;
  /** The workload, and `swap` or `none`. */
  readonly name: string;
  /** Pages of the kernel's own that counted against the limit, at the end. */
  readonly kernelPages: number;
  /** Least and most major faults of the runs. */
  readonly least: number;
  readonly most: number;
}

/** The measured rows: generations.csv, whose columns README.md explains. */
export function generationRows(): GenerationRow[] {
  const file = packageFile('harness', 'bench', 'validation', 'live', 'generations.csv');
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [kernel, name, ...numbers] = line.split(',') as [string, string, ...string[]];
    const [kernelPages, least, most] = numbers.map(Number) as [number, number, number];
    return { key: `${kernel} ${name}`, kernel, name, kernelPages, least, most };
  });
}

/** Replays a row's workload with `mglru`. Returns its major faults. */
export async function simulateGenerations({ kernel, name, kernelPages }: GenerationRow): Promise<number> {
  const { pgmajfault } = await simulateWorkload(name, {
    limit: LIMIT - kernelPages - (hasTwoProcesses(name) ? SECOND_PROCESS : 0),
    settings: [`kernel.version=${kernel}`],
    reclaim: 'mglru',
    swap: name.endsWith('.swap'),
  });
  return pgmajfault;
}

/** Whether major faults are within 3 %, or a few, of what the kernel's runs counted. */
export function isInside({ least, most }: GenerationRow, faults: number): boolean {
  const allowed = Math.max(ALLOWED_FAULTS, ALLOWED * most);
  return faults >= least - allowed && faults <= most + allowed;
}
