import fc from 'fast-check';

/**
 * Seed of property tests: the same inputs on every run, so that a failure is a fault of the change that is tested. Others are
 * tried by `FC_SEED=N npm test` and, all the time, by `npm run campaign`.
 */
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) });
