/** What a pipeline needs of a machine that runs Node: a folder for its state, a lock on it, files and standard output. */

export { FileStore } from "./file-store.ts";
export { LockedError, StreamLock, type LockOptions } from "./lock.ts";
export { localPlaces, type PlacesOptions } from "./places.ts";
