import { readFileSync } from 'node:fs';

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not Linux, or the process is gone.
    return undefined;
  }
}

/**
 * The fields of `/proc/PID/stat` from the third on: its state, its parent, … Undefined where there is no such process, also where
 * it has ended and is only waited for. Source: proc_pid_stat(5).
 */
export function statOf(pid: number): readonly string[] | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  // The name before may hold anything.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields;
}

/** When a process started, in ticks since the boot: numbers of processes are used again. Undefined where it has ended. */
export function startOf(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

/** The boot of this host: after another one, numbers of processes say nothing. Empty where the host does not say. */
export function thisBoot(): string {
  return textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}
