/** Names of live machines. */
export const LIVE_MACHINES = ['vm', 'host'] as const;
export type LiveMachineName = (typeof LIVE_MACHINES)[number];
