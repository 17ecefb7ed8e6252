import { afterEach, expect, it, vi } from 'vitest';
import { interruptible } from './interrupt.js';

afterEach(() => vi.restoreAllMocks());

it('the first signal aborts, the second one ends the process', async () => {
  const before = process.listenerCount('SIGINT');
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  let end = (_: string) => undefined as unknown;
  let aborted: AbortSignal | undefined;
  const running = interruptible((signal) => {
    aborted = signal;
    return new Promise<string>((resolve) => {
      end = resolve;
    });
  });
  expect(aborted!.aborted).toBe(false);
  process.emit('SIGTERM', 'SIGTERM');
  expect(aborted!.aborted).toBe(true);
  expect(exit).not.toHaveBeenCalled();
  process.emit('SIGINT', 'SIGINT');
  await new Promise(setImmediate);
  expect(exit.mock.calls).toEqual([[130]]);
  end('done');
  expect(await running).toBe('done');
  expect(process.listenerCount('SIGINT')).toBe(before);
});
