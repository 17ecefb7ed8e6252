import type { Probes } from '../live/probes.js';
import { AS_ASKED } from '../live/system.js';

/** A kernel on which nothing explains a difference: as the model has it. */
export const MODEL_PROBES: Probes = {
  kernel: '6.18.0',
  hypervisor: 'QEMU TCG',
  cpus: '0-1',
  load: '0.10',
  zero_page: true,
  fault_around: 16,
  page_frames: true,
  huge_pages: 'none',
  cgroup: 'v2',
  read_ahead_kb: AS_ASKED,
  mglru: false,
  transparent_hugepage: 'never',
  shmem_hugepage: 'never',
  swap: 'none',
  swappiness: '60',
  page_cluster: AS_ASKED,
  overcommit_memory: '1',
  max_map_count: '65530',
  ksm_run: '0',
  ksm_smart_scan: '1',
};
