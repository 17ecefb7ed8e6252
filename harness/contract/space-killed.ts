/** The space whose event is at work was killed, and gets no further: it is over with the event. */
export class SpaceKilled extends Error {
  /** The page that it was accessing, where it was. */
  page: number | undefined;

  constructor() {
    super('the space was killed, since memory had run out');
    this.name = 'SpaceKilled';
  }
}
