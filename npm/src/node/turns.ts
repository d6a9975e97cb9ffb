/** One after the other, of what must not happen at once. */
export class Turns {
  /** The newest work on each thing that is under way. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  /** Does `work` when everything that was asked for on `thing` before is over, however it ended. */
  async take<T>(thing: string, work: () => Promise<T>): Promise<T> {
    // Whoever asked for the one before hears of its failure.
    const turn = (this.#underWay.get(thing) ?? Promise.resolve()).catch(() => undefined).then(work);
    this.#underWay.set(thing, turn);
    try {
      return await turn;
    } finally {
      if (this.#underWay.get(thing) === turn) this.#underWay.delete(thing);
    }
  }
}
