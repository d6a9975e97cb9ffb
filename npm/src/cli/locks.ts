/** The locks of all streams that a command works on. */

import { LockedError, StreamLock } from "../node/lock.ts";
import { CommandError, EXIT } from "./exit.ts";

/**
 * Takes the locks of these streams, all of them or none.
 *
 * @param onLost Called if somebody took one of them although we are there.
 * @returns What releases them.
 */
export async function lockStreams(state: string, streams: readonly string[], onLost: (stream: string) => void): Promise<() => Promise<void>> {
  const held: StreamLock[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(held.map((lock) => lock.release()));
  };
  try {
    for (const stream of streams) held.push(await StreamLock.acquire(state, stream, { onLost: () => onLost(stream) }));
    return release;
  } catch (error) {
    await release();
    if (error instanceof LockedError) throw new CommandError(error.message, EXIT.usage, error.userAction);
    throw error;
  }
}
