import { missingVm } from '../live.js';
import { commands } from './commands.js';
import { files } from './files.js';
import { gate } from './gate.js';
import { kills } from './kills.js';
import { live } from './live.js';
import { machine, relations } from './machine.js';
import type { OpenPart } from './part.js';
import { policies } from './policies.js';
import { properties } from './properties.js';
import { readers } from './readers.js';
import { recordings } from './recordings.js';
import { signals } from './signals.js';

/** A part and its share of the time of its lane. */
export interface Entry {
  readonly name: string;
  readonly share: number;
  readonly open: OpenPart;
  /** What this host lacks for it; undefined where nothing is missing. */
  readonly missing?: () => string | undefined;
}

/** All parts. The lanes run next to each other: one computes in its own process, the others start commands and tests. */
export const LANES: readonly (readonly Entry[])[] = [
  [
    { name: 'readers', share: 5, open: readers },
    { name: 'files', share: 3, open: files },
    { name: 'relations', share: 5, open: relations },
    { name: 'machine', share: 4, open: machine },
    { name: 'gate', share: 2, open: gate },
    { name: 'policies', share: 1, open: policies },
  ],
  [{ name: 'commands', share: 1, open: commands }],
  [
    { name: 'kills', share: 2, open: kills },
    { name: 'signals', share: 1, open: signals },
    { name: 'properties', share: 1, open: properties },
    { name: 'recordings', share: 1, open: recordings },
    { name: 'live', share: 1, open: live, missing: missingVm },
  ],
];
