// Calls that are made with no other call of Node's around them: what then calls back from Node's C++ gets its ticks in
// between, as in a callback of libuv's.
import { runTicks } from './ticks.js';

export class OutermostCalls {
  readonly #calls: (() => void)[] = [];

  /** To be made as soon as the completion at hand has been reported. */
  add(call: () => void): void {
    this.#calls.push(call);
  }

  due(): boolean {
    return this.#calls.length > 0;
  }

  /** `ticks`: those of a call that has thrown. */
  run(ticks: boolean): void {
    if (ticks) runTicks();
    for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) {
      call();
      runTicks();
    }
  }
}
