/**
 * Replacement policies for objects of different sizes with a cache in bytes, written for plainness: arrays of objects,
 * searched from end to end. The policies of harness/policy/reclaim must give the same hits and misses.
 */

interface Held {
  readonly id: number;
  readonly size: number;
  uses: number;
}

/** Asks for an object; true when it was in the cache. */
type Access = (id: number, size: number) => boolean;

/** A queue of objects, the oldest first. */
class Line {
  readonly all: Held[] = [];

  get bytes(): number {
    return this.all.reduce((sum, { size }) => sum + size, 0);
  }

  find(id: number): Held | undefined {
    return this.all.find((object) => object.id === id);
  }

  take(id: number): Held | undefined {
    const at = this.all.findIndex((object) => object.id === id);
    return at < 0 ? undefined : this.all.splice(at, 1)[0];
  }
}

/** One queue: `used` says what a hit does, `spared` whether the oldest gets another round. */
function queue(
  used: (line: Line, object: Held) => void,
  spared: (object: Held) => boolean,
): (c: number) => Access {
  return (c) => {
    const line = new Line();
    return (id, size) => {
      const object = line.find(id);
      if (object) {
        used(line, object);
        return true;
      }
      if (size > c) return false;
      while (line.bytes + size > c) {
        const oldest = line.all.shift()!;
        if (spared(oldest)) line.all.push(oldest);
      }
      line.all.push({ id, size, uses: 0 });
      return false;
    };
  };
}

const fifo = queue(
  () => {},
  () => false,
);

const lru = queue(
  (line, object) => line.all.push(line.take(object.id)!),
  () => false,
);

const clock = queue(
  (_line, object) => {
    object.uses = 1;
  },
  (object) => object.uses-- > 0,
);

function sieve(c: number): Access {
  const line = new Line();
  /** The object that is looked at next; undefined: the oldest. */
  let hand: Held | undefined;
  const newer = (object: Held) => line.all[line.all.indexOf(object) + 1];
  return (id, size) => {
    const object = line.find(id);
    if (object) object.uses = 1;
    if (object || size > c) return object !== undefined;
    while (line.bytes + size > c) {
      let victim = hand ?? line.all[0]!;
      while (victim.uses > 0) {
        victim.uses = 0;
        victim = newer(victim) ?? line.all[0]!;
      }
      hand = newer(victim);
      line.take(victim.id);
    }
    line.all.push({ id, size, uses: 0 });
    return false;
  };
}

function s3fifo(c: number): Access {
  const smallBytes = Math.max(1, Math.floor(c * 0.1));
  const ghostBytes = Math.max(1, Math.floor(c * 0.9));
  const small = new Line();
  const main = new Line();
  const ghosts = new Line();
  const fromSmall = () => {
    for (let oldest = small.all.shift(); oldest; oldest = small.all.shift()) {
      if (oldest.uses < 2) {
        ghosts.all.push(oldest);
        while (ghosts.bytes > ghostBytes) ghosts.all.shift();
        return;
      }
      main.all.push({ ...oldest, uses: 0 });
    }
    fromMain();
  };
  const fromMain = () => {
    for (let oldest = main.all.shift(); oldest; oldest = main.all.shift()) {
      if (oldest.uses === 0) return;
      main.all.push({ ...oldest, uses: Math.min(oldest.uses, 3) - 1 });
    }
  };
  return (id, size) => {
    const object = small.find(id) ?? main.find(id);
    if (object) object.uses++;
    if (object) return true;
    const known = ghosts.take(id) !== undefined;
    if (size > smallBytes) return false;
    while (small.bytes + main.bytes + size > c) {
      if (main.bytes > c - smallBytes || small.all.length === 0) fromMain();
      else fromSmall();
    }
    (known ? main : small).all.push({ id, size, uses: 0 });
    return false;
  };
}

function arc(c: number): Access {
  const t1 = new Line();
  const t2 = new Line();
  const b1 = new Line();
  const b2 = new Line();
  let target = 0;
  const replace = (wasInB2: boolean) => {
    const first = t1.bytes > 0 && (t1.bytes > target || (t1.bytes === target && wasInB2) || t2.bytes === 0);
    if (first) b1.all.push(t1.all.shift()!);
    else b2.all.push(t2.all.shift()!);
  };
  const makeRoomForNew = (size: number) => {
    if (t1.bytes + b1.bytes + size > c) {
      if (b1.bytes === 0) {
        t1.all.shift();
        return;
      }
      b1.all.shift();
    } else if (t1.bytes + b1.bytes + t2.bytes + b2.bytes >= 2 * c) b2.all.shift();
    replace(false);
  };
  return (id, size) => {
    const object = t1.take(id) ?? t2.take(id);
    if (object) {
      t2.all.push(object);
      return true;
    }
    const wasInB2 = b2.find(id) !== undefined;
    const known = wasInB2 || b1.find(id) !== undefined;
    if (known) {
      const by = Math.max(wasInB2 ? b1.bytes / b2.bytes : b2.bytes / b1.bytes, 1);
      target = Math.max(0, Math.min(c, wasInB2 ? target - by : target + by));
      b1.take(id);
      b2.take(id);
    }
    if (size > c) return false;
    while (t1.bytes + t2.bytes + size > c) {
      if (known) replace(wasInB2);
      else makeRoomForNew(size);
    }
    (known ? t2 : t1).all.push({ id, size, uses: 0 });
    return false;
  };
}

/** By name of the policy: its plainest form, for a cache of `c` bytes. */
export const naiveSized: Readonly<Record<string, (c: number) => Access>> = {
  fifo,
  lru,
  clock,
  sieve,
  s3fifo,
  arc,
};
