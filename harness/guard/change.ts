/** Something of the host that is other than before, until it is restored. */
export type Change =
  /** A tracing instance: it is stopped and removed. */
  | { readonly kind: 'instance'; readonly path: string }
  /** A mount at an empty folder of ours: it is unmounted, the folder removed. */
  | { readonly kind: 'mount'; readonly path: string }
  /** A process of ours: it is ended. */
  | { readonly kind: 'process'; readonly pid: number; readonly started: string }
  /** A temporary folder: it is removed with what it holds. */
  | { readonly kind: 'folder'; readonly path: string }
  /** A setting of the kernel, a file of /proc or /sys: its old value is written again. */
  | { readonly kind: 'setting'; readonly path: string; readonly value: string }
  /** A control group of ours: its processes are ended, and it is removed. */
  | { readonly kind: 'cgroup'; readonly path: string }
  /** A swap file of ours: it is taken out of use and removed. */
  | { readonly kind: 'swapfile'; readonly path: string }
  /**
   * A compressed block device of ours: it is taken out of use and removed. Without a name it may not have been made yet: a device that
   * was not there `before` and has no size is removed.
   */
  | { readonly kind: 'zram'; readonly device?: string; readonly before: readonly string[] };

/** Whether a change outlives a boot of the host: what is on disk does, the kernel has forgotten the rest. */
export function outlivesBoot({ kind }: Change): boolean {
  return kind === 'folder' || kind === 'swapfile';
}
