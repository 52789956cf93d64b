// Runs the cells. A visit to a cell starts one long-lived server for each transport, warms all of them up, and then
// measures them in turn, round after round, close in time. Visits go on over all cells, each with processes of its own,
// until the ratios are known well enough or the time is spent.
import { isLarge } from './cells.mjs';
import { addToCurve } from './histogram.mjs';
import { measureFresh, needsFreshProcesses, Session } from './session.mjs';
import { ROUNDS_MIN } from './statistics.mjs';
import { ratioOf } from './summary.mjs';
import { baseOf } from './transports.mjs';

/** An interval is narrow when its ends are this close to the ratio, as a share of it. */
const NARROW_SHARE = 0.03;
const FAILURES_MAX = 2;

/** Which transports a cell is measured on: the allocator's settings matter to large messages only. */
function transportsFor(cell, transports) {
  return transports.filter((one) => one.serves(cell) && (!one.name.includes('+malloc') || isLarge(cell)));
}

/** Rotated by the round, and turned around every other time: no transport always follows the same one. */
export function orderOf(transports, round) {
  const shift = round % transports.length;
  const rotated = [...transports.slice(shift), ...transports.slice(0, shift)];
  return Math.floor(round / transports.length) % 2 === 0 ? rotated : rotated.reverse();
}

function isNarrow(cell, names) {
  const measured = names.filter((name) => cell.samples[name]?.length > 0);
  return measured.every((name) => {
    const base = baseOf(name, measured);
    if (base === undefined) return true;
    const one = ratioOf(cell, base, name);
    return one?.low !== undefined && Math.log(one.high / one.low) / 2 < NARROW_SHARE;
  });
}

/** Whether a cell has had its rounds and visits. How a process is laid out differs by visit, not by round. */
export function isSettled(cell, names, { roundsMax, visitsMin }) {
  if (cell.rounds >= roundsMax) return true;
  return cell.visits >= visitsMin && cell.rounds >= ROUNDS_MIN && isNarrow(cell, names);
}

export class Suite {
  #result;
  #transports;
  #names;
  #settings;
  #progress;
  #started = Date.now();
  #wanted = { stop: false };

  /**
   * @param {object} options
   * @param {object} options.result       is filled; may have samples of an earlier run
   * @param {object[]} options.transports
   * @param {object} options.settings     loadProgram, durations, pinning, budgetMs, roundsMax, visitRounds, visitsMin
   * @param {import('./progress.mjs').Progress} options.progress
   */
  constructor({ result, transports, settings, progress }) {
    this.#result = result;
    this.#transports = transports;
    this.#names = transports.map(({ name }) => name);
    this.#settings = settings;
    this.#progress = progress;
  }

  /** Ends after the measurement that is under way. */
  stop() {
    this.#wanted.stop = true;
  }

  get #leftMs() {
    return this.#settings.budgetMs - (Date.now() - this.#started);
  }

  get #isOver() {
    return this.#wanted.stop || this.#leftMs <= 0;
  }

  /** @param {() => void} save is called after each visit */
  async run(save) {
    for (;;) {
      const { cells } = this.#result;
      const due = cells.filter(
        (cell) => !isSettled(cell, this.#names, this.#settings) && this.#active(cell).length > 0,
      );
      if (due.length === 0) return 'complete';
      if (this.#wanted.stop) return 'interrupted';
      if (this.#leftMs <= 0) {
        return due.every(({ rounds }) => rounds >= ROUNDS_MIN) ? 'complete' : 'short of time';
      }
      // The fewest visits first: a run that is resumed catches up.
      const visits = Math.min(...due.map((cell) => cell.visits));
      const pass = due.filter((cell) => cell.visits === visits);
      await this.#visit(pass[0], { pass: visits + 1, left: pass.length });
      save();
    }
  }

  #active(cell) {
    return transportsFor(cell, this.#transports).filter(
      ({ name }) => (cell.failed[name]?.times ?? 0) < FAILURES_MAX,
    );
  }

  #show(place, cell, name, doing) {
    const what = `${cell.group}, ${cell.title}, ${name}: ${doing}`;
    this.#progress.show({ ...place, what, leftMs: this.#leftMs });
  }

  async #visit(cell, place) {
    const fresh = needsFreshProcesses(cell);
    const sessions = fresh ? new Map() : await this.#openAll(cell, place);
    const measurable = () => (fresh ? this.#active(cell).map(({ name }) => name) : [...sessions.keys()]);
    try {
      for (let round = 0; round < this.#settings.visitRounds; round++) {
        if (this.#isOver) return;
        if (cell.rounds >= this.#settings.roundsMax || measurable().length === 0) break;
        for (const name of orderOf(measurable(), cell.rounds)) {
          if (this.#wanted.stop) break;
          this.#show(place, cell, name, `round ${round + 1}`);
          await this.#measure(cell, name, sessions);
        }
        cell.rounds++;
      }
      cell.visits++;
    } finally {
      await Promise.all([...sessions.values()].map((session) => session.close()));
    }
  }

  /** One warm session for each transport. */
  async #openAll(cell, place) {
    const sessions = new Map();
    for (const transport of orderOf(this.#active(cell), cell.rounds)) {
      if (this.#isOver) break;
      const { name } = transport;
      this.#show(place, cell, name, 'warming up');
      let session;
      try {
        session = await Session.open(cell, transport, this.#settings);
        const warm = await session.warmUp(() => this.#wanted.stop);
        if (!this.#wanted.stop) cell.warmUps[name] = [...(cell.warmUps[name] ?? []), warm];
        if (session.engine !== undefined) this.#result.engines[name] = session.engine;
        sessions.set(name, session);
      } catch (error) {
        this.#onFailure(cell, name, error);
        await session?.close();
      }
    }
    return sessions;
  }

  async #measure(cell, name, sessions) {
    try {
      const session = sessions.get(name);
      const transport = this.#transports.find((one) => one.name === name);
      const measured = await (session?.measure() ?? measureFresh(cell, transport, this.#settings));
      cell.samples[name] ??= [];
      cell.samples[name].push({ round: cell.rounds, visit: cell.visits, ...measured.figures });
      if (measured.latenciesNs !== undefined) {
        cell.curves[name] = addToCurve(cell.curves[name] ?? [], measured.latenciesNs);
      }
      if (measured.engine !== undefined) this.#result.engines[name] = measured.engine;
    } catch (error) {
      this.#onFailure(cell, name, error);
      await sessions.get(name)?.close();
      sessions.delete(name);
    }
  }

  /** A transport that fails a cell again and again is left out of it, and the result says why. */
  #onFailure(cell, name, error) {
    // A process that was being started when the signal came had no group of its own yet, and ended by it.
    if (this.#wanted.stop) return;
    const reason = error.message.split('\n', 1)[0];
    cell.failed[name] = { times: (cell.failed[name]?.times ?? 0) + 1, reason };
    this.#progress.note(`${cell.group}, ${cell.title}, ${name}: ${reason}`);
  }
}
