/**
 * A page of the machine, in bytes. Prices are measured on pages of this size, and sizes of the kernel's structures go
 * with it, so that traces of pages of another size are not replayed (`replay` says so).
 */
export const PAGE_BYTES = 4096;
/** A page in KiB: `pgpgin` and `pgpgout` count KiB. */
export const PAGE_KIB = PAGE_BYTES / 1024;
export const PAGES_PER_MIB = 2 ** 20 / PAGE_BYTES;
