import { Registry } from '../registry.js';
import type { ControllerInfo } from './contract.js';
import { senpai } from './senpai.js';

const none: ControllerInfo = {
  name: 'none',
  summary: 'memory is reclaimed only when it is short',
  source: 'no controller of a kernel: memory.reclaim is written by programs',
  parameters: {},
  create: () => undefined,
};

/** What asks for reclaim before memory is short. */
export const controllers = new Registry<ControllerInfo>('controller', [none, senpai]);
