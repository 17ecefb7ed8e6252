import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonText } from '../base/json.js';
import { MANIFEST, type Manifest } from '../trace/readers/recording/manifest.js';

export type { AttachedProcess, Clocks, Ended, Manifest } from '../trace/readers/recording/manifest.js';
export { RAW_FORMAT } from '../trace/readers/recording/manifest.js';

export function writeManifest(raw: string, manifest: Manifest): void {
  writeFileSync(join(raw, MANIFEST), jsonText(manifest));
}
