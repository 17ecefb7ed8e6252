/** Names of live machines. */
export const LIVE_MACHINES = ['vm'] as const;
export type LiveMachineName = (typeof LIVE_MACHINES)[number];
