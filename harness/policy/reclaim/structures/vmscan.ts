/** Pages that one search is for. Source: include/linux/swap.h. */
export const SWAP_CLUSTER_MAX = 32;
/** The priority that a search begins at: it looks at one in 2^12 pages, and at twice the part each time after. Source: include/linux/mmzone.h. */
export const DEF_PRIORITY = 12;
/** Searches before reclaim gives up. Source: mm/internal.h. */
export const MAX_RECLAIM_RETRIES = 16;
