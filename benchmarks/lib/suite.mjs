// Runs the cells: every transport of a cell in one round, each in fresh processes and in changing order; round after
// round over all cells, until the ratios are known well enough or the time is spent.
import { isLarge } from './cells.mjs';
import { addToCurve } from './histogram.mjs';
import { measure } from './session.mjs';
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

function isSettled(cell, names, roundsMax) {
  const measured = names.filter((name) => cell.samples[name]?.length > 0);
  if (measured.length === 0) return true;
  if (cell.rounds >= roundsMax) return true;
  if (cell.rounds < ROUNDS_MIN) return false;
  return measured.every((name) => {
    const base = baseOf(name, measured);
    if (base === undefined) return true;
    const one = ratioOf(cell, base, name);
    return one?.low !== undefined && Math.log(one.high / one.low) / 2 < NARROW_SHARE;
  });
}

export class Suite {
  #result;
  #transports;
  #settings;
  #progress;
  #started = Date.now();
  #wanted = { stop: false };

  /**
   * @param {object} options
   * @param {object} options.result       is filled; may have samples of an earlier run
   * @param {object[]} options.transports
   * @param {object} options.settings     loadProgram, durations, pinning, budgetMs, roundsMax
   * @param {import('./progress.mjs').Progress} options.progress
   */
  constructor({ result, transports, settings, progress }) {
    this.#result = result;
    this.#transports = transports;
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

  /** @param {() => void} save is called after each cell of each round */
  async run(save) {
    const { roundsMax } = this.#settings;
    const names = this.#transports.map(({ name }) => name);
    for (;;) {
      const open = this.#result.cells.filter(
        (cell) => cell.rounds < ROUNDS_MIN || !isSettled(cell, names, roundsMax),
      );
      const measurable = open.filter((cell) => cell.rounds < roundsMax && this.#active(cell).length > 0);
      if (measurable.length === 0) return 'complete';
      // The fewest rounds first: a run that is resumed catches up.
      const round = Math.min(...measurable.map((cell) => cell.rounds));
      const due = measurable.filter((cell) => cell.rounds === round);
      for (const [at, cell] of due.entries()) {
        if (this.#wanted.stop) return 'interrupted';
        if (this.#leftMs <= 0) return round >= ROUNDS_MIN ? 'complete' : 'short of time';
        await this.#measureRound(cell, round, { done: at, total: due.length });
        save();
      }
    }
  }

  #active(cell) {
    return transportsFor(cell, this.#transports).filter(
      ({ name }) => (cell.failed[name]?.times ?? 0) < FAILURES_MAX,
    );
  }

  async #measureRound(cell, round, place) {
    for (const transport of orderOf(this.#active(cell), round)) {
      if (this.#wanted.stop) return;
      this.#progress.show({
        ...place,
        round: round + 1,
        what: `${cell.group}, ${cell.title}, ${transport.name}`,
        leftMs: this.#leftMs,
      });
      await this.#measureOne(cell, round, transport);
    }
    cell.rounds = round + 1;
  }

  async #measureOne(cell, round, transport) {
    const { name } = transport;
    try {
      const { engine, figures, latenciesNs } = await measure(cell, transport, this.#settings);
      cell.samples[name] ??= [];
      cell.samples[name].push({ round, ...figures });
      if (latenciesNs !== undefined) cell.curves[name] = addToCurve(cell.curves[name] ?? [], latenciesNs);
      if (engine !== undefined) this.#result.engines[name] = engine;
    } catch (error) {
      this.#onFailure(cell, name, error);
    }
  }

  /** A transport that fails a cell again and again is left out of it, and the result says why. */
  #onFailure(cell, name, error) {
    const reason = error.message.split('\n', 1)[0];
    cell.failed[name] = { times: (cell.failed[name]?.times ?? 0) + 1, reason };
    this.#progress.note(`${cell.group}, ${cell.title}, ${name}: ${reason}`);
  }
}
