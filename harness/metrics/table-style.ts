/** How tables look on a terminal: no colours and no heavy lines, since they are pasted into mails. */
export const PLAIN_TABLE = { style: { head: [], border: [], compact: true } };
