import { execFileSync } from 'node:child_process';

/** Builds once before all tests: worker threads and the command line start from built files. */
export default function build(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
