/** Which MADV_REMOVE: today's, or that of the patch that introduced it. */
export type Era = 'now' | '2006';

/** What `set` events change; the values here are the kernel's defaults. */
export class Settings {
  /** VMAs a space may have. Source: DEFAULT_MAX_MAP_COUNT in include/linux/mm.h. */
  maxMapCount = 65_530;
  /** How often the flusher looks for old dirty pages. Source: dirty_writeback_interval in mm/page-writeback.c. */
  dirtyWritebackCentisecs = 500;
  /** For how long pages may be dirty. Source: dirty_expire_interval. */
  dirtyExpireCentisecs = 3000;
  /** Size of a struct page: 64 on x86-64; 56, 40 and 32 have been proposed or were used. */
  structPageBytes = 64;
  /** What MADV_REMOVE is: today's, or that of the first patch. */
  removeEra: Era = 'now';
}
