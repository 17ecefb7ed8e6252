/** Events of a log without what differs between runs: times are left out, and spaces and threads count from 1. */
export function comparable(events: readonly string[], programs: boolean): string[] {
  const ids = new Map<string, number>();
  const idOf = (id: string) => {
    if (id !== '' && !ids.has(id)) ids.set(id, ids.size + 1);
    return id === '' ? '' : String(ids.get(id));
  };
  return events.map((event) => {
    const [, op, space, page, count, ...arg] = event.split(',');
    const text = op === 'fork' ? idOf(arg.join()) : op === 'spawn' && !programs ? '' : arg.join();
    return [op, space!.split(':').map(idOf).join(':'), page, count, text].join(',');
  });
}
