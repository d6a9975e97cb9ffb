/** Numbers in typed arrays that grow. */

type Numbers = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/**
 * A typed array with a `push`. It doubles when it is full.
 *
 * @example
 * ```ts
 * const times = new Growable(Float64Array);
 * times.push(1.5);
 * times.at(0); // 1.5
 * ```
 */
export class Growable<T extends Numbers> {
  readonly #Kind: new (length: number) => T;
  #values: T;
  length = 0;

  constructor(Kind: new (length: number) => T, room = 1024) {
    this.#Kind = Kind;
    this.#values = new Kind(room);
  }

  push(value: number): void {
    this.#makeRoom(this.length + 1);
    this.#values[this.length] = value;
    this.length += 1;
  }

  /** The value at `index`; 0 beyond the end. */
  at(index: number): number {
    return this.#values[index] ?? 0;
  }

  /** Adds one to a value; what lies between the end and `index` becomes 0. */
  increment(index: number): void {
    this.#makeRoom(index + 1);
    if (index >= this.length) this.length = index + 1;
    this.#values[index] = (this.#values[index] ?? 0) + 1;
  }

  /** Adds a value `count` times. */
  fill(value: number, count: number): void {
    this.#makeRoom(this.length + count);
    this.#values.fill(value, this.length, this.length + count);
    this.length += count;
  }

  /** A copy of the first `length` values. */
  copy(length = this.length): T {
    return this.#values.slice(0, length) as T;
  }

  #makeRoom(length: number): void {
    if (length <= this.#values.length) return;
    const values = new this.#Kind(Math.max(length, this.#values.length * 2, 1024));
    values.set(this.#values);
    this.#values = values;
  }
}
