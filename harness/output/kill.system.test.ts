import { expect, it } from 'vitest';
import { kills } from '../testing/campaign/kills.js';
import { temporaryFolder } from '../testing/folder.js';

const folder = temporaryFolder('reclaim-kills-');

it('kill -9 at 20 moments costs the running cells at most', async () => {
  const attempt = await kills(folder());
  for (let seed = 1; seed <= 20; seed++)
    expect(await attempt(seed)).toMatchObject({ tried: 1, failures: [] });
});
