import Table from 'cli-table3';
import type { hostsOf } from '../experiment/manifest.js';
import { PLAIN_TABLE } from '../metrics/table-style.js';
import { bytesText } from '../report/figures/units.js';
import { durationText } from './progress.js';

const NS_PER_MS = 1e6;

/** The hosts of a sweep with the cells that each ran: wall times are comparable within one only. */
export function hostsText(hosts: ReturnType<typeof hostsOf>): string {
  const table = new Table({
    head: ['host', 'cells', 'wall time', 'cores', 'memory', 'processor'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left'],
    ...PLAIN_TABLE,
  });
  for (const { host, cells, wall_ns, cores, memory_bytes, cpu } of hosts)
    table.push([host, cells, durationText(wall_ns / NS_PER_MS), cores, bytesText(memory_bytes), cpu]);
  return table.toString();
}
