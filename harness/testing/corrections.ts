/**
 * Cells of the measured tables that are not what the model must give: artefacts of the measurement, and effects of
 * folios larger than a page. Each is replaced here, and nowhere else, with its reason.
 */
interface Correction {
  /** Ids without the name of their file: they hold for all files. */
  readonly rows: readonly string[];
  /** Right values by column; in b_edge.csv the column is `note`. */
  readonly cells: Readonly<Record<string, string>>;
  readonly reason: string;
}

const CORRECTIONS: readonly Correction[] = [
  {
    rows: ['anon_private/MERGEABLE', 'ext4_private_dirty/MERGEABLE', 'memfd_private_dirty/MERGEABLE'],
    cells: { rss1: '64', pdirty1: '64', ref1: '64' },
    reason: 'the advice splits the VMA, and only the first of three was read; their sum is what it was',
  },
  {
    rows: ['ext4_private_clean/MERGEABLE'],
    cells: { rss1: '64', ref1: '64' },
    reason: 'the advice splits the VMA, and only the first of three was read; their sum is what it was',
  },
  {
    rows: ['anon_private/FREE'],
    cells: { lazyfree1: '32' },
    reason:
      'a page shows as LazyFree once a batch of a CPU is full; its dirty bit is gone at once (pdirty1 32)',
  },
  {
    rows: ['MADV_FREE lazyfree accounting'],
    cells: { note: 'lazyfree 64 kB -> after 1 write+1 read 60 kB (rss 64)' },
    reason:
      'as above; with full batches the figure falls by the page that is written, and by none that is read',
  },
  {
    rows: ['ext4_private_dirty/PUNCH_HOLE'],
    cells: { rss_m2_1: '32' },
    reason: 'the file was in one folio of 64 KiB, which the hole splits and so unmaps as a whole',
  },
  {
    rows: ['ext4_shared/REMOVE', 'ext4_shared/PUNCH_HOLE', 'ext4_private_clean/PUNCH_HOLE'],
    cells: { rss1: '32', rss_m2_1: '32', ref1: '32' },
    reason: 'the file was in one folio of 64 KiB, which the hole splits and so unmaps as a whole',
  },
  {
    rows: ['ext4_private_clean/COLD', 'ext4_private_clean/PAGEOUT'],
    cells: { rss1: '64', rss_m2_1: '64', ref1: '64' },
    reason:
      'splitting the folio of 64 KiB unmapped it; with folios of 4 KiB, measured on the same kernel, the advice leaves pages alone that two mappings share, and drops them (rss 32) where there is one',
  },
];

/** What a measured row says, corrected. */
export function corrected<Row extends Record<string, string>>(row: string, cells: Row): Row {
  const found = CORRECTIONS.filter(({ rows }) => rows.includes(row));
  return Object.assign({}, cells, ...found.map((correction) => correction.cells));
}

/** The corrections one by one, for the tests that none is idle. */
export function allCorrections(): readonly Correction[] {
  return CORRECTIONS;
}
