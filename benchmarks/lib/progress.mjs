// One line that says what is going on; plain lines now and then where there is no terminal.
import { duration } from './format.mjs';

const QUIET_INTERVAL_MS = 15_000;

export class Progress {
  #stream = process.stderr;
  #lastMs = 0;
  #shown = false;

  /** @param {{round: number, done: number, total: number, what: string, leftMs: number}} state */
  show({ round, done, total, what, leftMs }) {
    const line = `round ${round}, ${done}/${total}: ${what}; at most ${duration(leftMs)} left`;
    if (this.#stream.isTTY) {
      const width = (this.#stream.columns ?? 80) - 1;
      this.#stream.write(`\r\u001b[2K${line.slice(0, width)}`);
      this.#shown = true;
    } else if (Date.now() - this.#lastMs >= QUIET_INTERVAL_MS) {
      this.#lastMs = Date.now();
      this.#stream.write(`${line}\n`);
    }
  }

  note(text) {
    this.clear();
    this.#stream.write(`${text}\n`);
  }

  clear() {
    if (this.#shown) this.#stream.write('\r\u001b[2K');
    this.#shown = false;
  }
}
