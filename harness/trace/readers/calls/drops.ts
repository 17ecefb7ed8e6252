import type { DropCall } from '../../op.js';
import type { Range } from './call.js';
import type { Process } from './processes.js';
import type { Scene } from './scene.js';
import type { Segment } from './segments.js';

/** A drop of contents, as `discard` labelled with the call that it was. */
export function drop(
  scene: Scene,
  owner: Process,
  thread: number | undefined,
  range: Range,
  call: DropCall,
  segment?: Segment,
): void {
  scene.drops.set(call, (scene.drops.get(call) ?? 0) + 1);
  const rest = thread === undefined ? { text: call } : { thread, text: call };
  scene.rangeEvents('discard', owner.id, range, rest, segment);
}
