// A line that shows how far a suite has come: rewritten on a terminal, now and then a new one elsewhere.
const LINE_INTERVAL_MS = 15_000;

export class Progress {
  #name;
  #total;
  #done = 0;
  #printed = 0;
  #isTerminal = process.stderr.isTTY === true;

  constructor(name, total) {
    this.#name = name;
    this.#total = total;
  }

  step(file) {
    this.#done++;
    const line = `${this.#name} ${this.#done}/${this.#total} ${file}`;
    if (this.#isTerminal) {
      process.stderr.write(`\r\x1b[K${line.slice(0, process.stderr.columns - 1)}`);
      return;
    }
    const now = Date.now();
    if (this.#done < this.#total && now - this.#printed < LINE_INTERVAL_MS) return;
    this.#printed = now;
    process.stderr.write(`${line}\n`);
  }

  note(text) {
    process.stderr.write(`${this.#isTerminal ? '\r\x1b[K' : ''}${this.#name}: ${text}\n`);
  }

  end() {
    if (this.#isTerminal) process.stderr.write('\r\x1b[K');
  }
}
