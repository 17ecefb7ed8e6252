import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Builds once before all tests: worker threads and the command line start from built files. */
export default function build() {
  execFileSync(process.execPath, [join(import.meta.dirname, 'harness', 'build.mjs')], { stdio: 'inherit' });
}
