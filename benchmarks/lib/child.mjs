// A child process that is asked by line and answers by line of JSON. In a process group of its own: a Ctrl+C is the
// suite's to act on, and must not end the measurement that is under way.
import { spawn } from 'node:child_process';
import readline from 'node:readline';

const PATIENCE_MS = 60_000;
const STDERR_CHARACTERS_MAX = 4_000;

export class Child {
  #child;
  #name;
  #answers = [];
  #waiting;
  #stderr = '';
  #ended;

  /** @param {{name: string, file: string, args: string[], env?: NodeJS.ProcessEnv, cwd?: string}} options */
  constructor({ name, file, args, env = {}, cwd }) {
    this.#name = name;
    this.#child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      detached: true,
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS_MAX);
    });
    this.#child.stdin.on('error', () => {}); // its end is reported by 'close'
    readline.createInterface({ input: this.#child.stdout }).on('line', (line) => this.#onLine(line));
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#end(error.message, resolve));
      this.#child.once('close', (code, signal) => this.#end(`${signal ?? `exit code ${code}`}`, resolve));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  #onLine(line) {
    const answer = line.startsWith('{') ? JSON.parse(line) : undefined;
    if (answer === undefined) this.#stderr += `${line}\n`;
    else if (this.#waiting) this.#waiting.resolve(answer);
    else this.#answers.push(answer);
  }

  #end(how, resolve) {
    this.#ended ??= how;
    this.#waiting?.reject(this.#failure());
    resolve();
  }

  #failure(how = `ended with ${this.#ended}`) {
    const lines = this.#stderr.split('\n').filter((line) => line.trim() !== '');
    // Node prints the place before the error itself.
    const said = lines.find((line) => /^(Uncaught )?\w*Error\b/.test(line)) ?? lines[0] ?? '';
    return new Error(`${this.#name} ${how}${said === '' ? '' : `: ${said}`}`);
  }

  /** The next answer. */
  async answer(patienceMs = PATIENCE_MS) {
    if (this.#answers.length > 0) return this.#answers.shift();
    if (this.#ended !== undefined) throw this.#failure();
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting = { resolve, reject };
        timer = setTimeout(() => reject(this.#failure(`has not answered for ${patienceMs} ms`)), patienceMs);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  ask(command, patienceMs) {
    this.#child.stdin.write(`${command}\n`);
    return this.answer(patienceMs);
  }

  /** Ends the process, and waits for it. */
  async quit() {
    if (this.#ended === undefined) {
      this.#child.stdin.end('quit\n');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
      await this.exited;
      clearTimeout(timer);
    }
  }

  kill() {
    this.#child.kill('SIGKILL');
    return this.exited;
  }
}
