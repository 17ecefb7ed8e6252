import { expect, it } from 'vitest';
import { shardOf } from './shard-number.js';

const of = (env: Record<string, string>, shards?: number) => {
  const { shard, of } = shardOf({ shards }, env);
  return [shard, of];
};

it('is what --shard says, from 1, and all of it without', () => {
  expect(shardOf({ shard: '3/7' }, { SLURM_ARRAY_TASK_ID: '1' })).toMatchObject({ shard: 3, of: 7 });
  expect(of({})).toEqual([1, 1]);
  for (const shard of ['0/7', '8/7', '1', '1/0', '-1/7', '1/2/3', 'a/b', '1/100001'])
    expect(() => shardOf({ shard }, {}), shard).toThrow(/--shard is/);
  expect(() => shardOf({ shard: '1/2', shards: 2 }, {})).toThrow(/expected no --shards/);
});

it('is what a scheduler says', () => {
  const slurm = (id: number, min: number, count: number, step = 1) => ({
    SLURM_ARRAY_TASK_ID: `${id}`,
    SLURM_ARRAY_TASK_MIN: `${min}`,
    SLURM_ARRAY_TASK_COUNT: `${count}`,
    SLURM_ARRAY_TASK_STEP: `${step}`,
  });
  expect(of(slurm(0, 0, 7))).toEqual([1, 7]);
  expect(of(slurm(7, 1, 7))).toEqual([7, 7]);
  expect(of(slurm(20, 0, 6, 4))).toEqual([6, 6]);
  expect(of({ AWS_BATCH_JOB_ARRAY_INDEX: '2', AWS_BATCH_JOB_ARRAY_SIZE: '5' })).toEqual([3, 5]);
  expect(of({ JOB_COMPLETION_INDEX: '0' }, 4)).toEqual([1, 4]);
});

it('is refused where it would be another part than the scheduler means', () => {
  // Tasks 3 and 5 of an array of 7, run again.
  const again = { SLURM_ARRAY_TASK_ID: '5', SLURM_ARRAY_TASK_MIN: '3', SLURM_ARRAY_TASK_COUNT: '2' };
  expect(() => of(again)).toThrow(/SLURM_ARRAY_TASK_ID is 5 of 2 tasks from 3 on/);
  expect(of(again, 7)).toEqual([6, 7]);
  expect(() => of({ JOB_COMPLETION_INDEX: '0' })).toThrow(/does not say of how many: expected --shards N/);
  expect(() => of({ JOB_COMPLETION_INDEX: '4' }, 4)).toThrow(/expected a shard from 1 to N/);
  expect(() => of({ JOB_COMPLETION_INDEX: 'x' }, 4)).toThrow(/expected a whole number/);
  expect(() => of({}, 4)).toThrow(/needs a scheduler/);
});
