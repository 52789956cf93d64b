// One line that says what is going on; plain lines now and then where there is no terminal.
import { duration } from './format.mjs';

const QUIET_INTERVAL_MS = 15_000;

export class Progress {
  #stream = process.stderr;
  #lastMs = 0;
  #shown = false;

  /** @param {{pass: number, left: number, what: string, leftMs: number}} state */
  show({ pass, left, what, leftMs }) {
    const cells = left === 1 ? 'the last cell' : `${left} cells left`;
    const line = `pass ${pass}, ${cells}: ${what}; at most ${duration(leftMs)} left`;
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
