// A Durable Object: one stream, one run at a time, and an alarm that is always set.

import { enter } from "./admission.mjs";
import { Core } from "./core.mjs";

/** The alarm if a run does not come to its end. */
const DEAD_MAN_MS = 60_000;
/**
 * A turn that is older has lost what it waits for: no event lasts longer than 15 minutes. If it comes back after all,
 * its epoch is over and it can write no more.
 */
const HUNG_MS = 20 * 60_000;
/** How long a run waits for memory, and when it comes again. */
const PATIENCE_MS = 20_000;
const COME_AGAIN_MS = 3_000;

export class StreamObject {
  #state;
  #env;
  #core = new Core();
  /** The turn that is under way or waits: other events come in between while it awaits anything. */
  #turn;

  constructor(state, env) {
    this.#state = state;
    this.#env = env;
  }

  /** Only the Worker can call it, and it has checked whoever asked. */
  async fetch(request) {
    const path = new URL(request.url).pathname;
    if (path === "/tick") return Response.json(await this.#tick());
    // Whatever is under way ends here; the next call finds a new object with what is stored.
    if (path === "/abort") this.#state.abort("the run was broken off by the operator");
    const operation = await request.text();
    const operate = () => this.#core.call("object_operation", operation, this.#state, this.#env);
    const result = await (path === "/work" ? this.#alone(operate) : operate());
    if (typeof result.alarm_in_ms === "number") await this.#alarmIn(result.alarm_in_ms);
    return Response.json(result);
  }

  /** An alarm that fails is repeated six times and then gone for ever, so this one never fails. */
  async alarm() {
    try {
      await this.#tick();
    } catch (error) {
      console.error(JSON.stringify({ event: "alarm", message: String(error?.message) }));
    }
  }

  /** Runs the stream. The answer is what the core says, or why it was not asked. */
  async #tick() {
    await this.#alarmIn(DEAD_MAN_MS);
    const result = await this.#alone(() => this.#core.call("object_tick", this.#state, this.#env));
    if (result.later) await this.#alarmIn(COME_AGAIN_MS);
    else if (result.alarm_in_ms === null) await this.#state.storage.deleteAlarm();
    else if (result.alarm_in_ms !== undefined) await this.#alarmIn(result.alarm_in_ms);
    return result;
  }

  async #alone(work) {
    const turn = { began: Date.now() };
    if (this.#turn !== undefined && turn.began - this.#turn.began < HUNG_MS) return { running: true };
    this.#turn = turn;
    let leave;
    try {
      leave = await enter(this.#state.id.toString(), this.#core, PATIENCE_MS);
      return leave === undefined ? { later: true } : await work();
    } finally {
      leave?.();
      if (this.#turn === turn) this.#turn = undefined;
    }
  }

  #alarmIn(millis) {
    return this.#state.storage.setAlarm(Date.now() + millis);
  }
}
