// One server on one transport and its load: long-lived, warmed up, measured again and again. What a warm process cannot
// show, memory and the cold start, takes fresh processes for each figure.
import { latencyFigures } from './histogram.mjs';
import { scenarioOf, startLoad, startServer } from './server-process.mjs';
import { warmUp } from './steady.mjs';
import { disturbance, readProcessors } from './watch.mjs';

const workedUs = ({ userUs, systemUs }) => userUs + systemUs;

function cpuFigures(before, after, result) {
  const userUs = after.userUs - before.userUs;
  const systemUs = after.systemUs - before.systemUs;
  const elapsedUs = result.elapsedNs / 1_000;
  return {
    cpuUs: (userUs + systemUs) / result.messages,
    userUs: userUs / result.messages,
    systemUs: systemUs / result.messages,
    rate: result.messages / (elapsedUs / 1e6),
    bytesPerSecond: Math.max(result.bytesSent, result.bytesReceived) / (elapsedUs / 1e6),
    serverShare: (userUs + systemUs) / elapsedUs,
    loadShare: (result.loadUserNs + result.loadSystemNs) / result.elapsedNs,
  };
}

/** What to ask of the load for one figure. */
function commandOf({ rate, requests }, measureMs) {
  if (rate !== undefined) return `open ${measureMs} ${rate}`;
  return requests === undefined ? `closed ${measureMs}` : `count ${requests}`;
}

export class Session {
  #cell;
  #durations;
  #server;
  #backend;
  #load;

  static async open(cell, transport, settings) {
    const { server, backend, listening, engine } = await startServer(cell, transport, settings);
    const session = new Session(cell, settings.durations, { server, backend });
    session.engine = engine;
    try {
      session.#load = startLoad(cell, listening, settings);
      await session.#load.answer();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  constructor(cell, durations, { server, backend }) {
    this.#cell = cell;
    this.#durations = durations;
    this.#server = server;
    this.#backend = backend;
  }

  /** One run of the load, and what everything worked meanwhile. */
  async #run(command) {
    const usages = () => Promise.all([this.#server, this.#backend].map((child) => child?.ask('usage')));
    const [before, backendBefore] = await usages();
    const processors = readProcessors();
    const own = process.cpuUsage();
    const result = await this.#load.ask(command);
    const { user, system } = process.cpuUsage(own);
    const processorsAfter = readProcessors();
    const [after, backendAfter] = await usages();
    const backendUs = backendAfter === undefined ? 0 : workedUs(backendAfter) - workedUs(backendBefore);
    const ownUs =
      workedUs(after) -
      workedUs(before) +
      backendUs +
      user +
      system +
      (result.loadUserNs + result.loadSystemNs) / 1_000;
    const disturbed = disturbance(processors, processorsAfter, ownUs, result.elapsedNs / 1_000);
    return { before, after, result, disturbed };
  }

  /** Always in a closed loop, which keeps the server busy. */
  warmUp(isStopped) {
    const { warmWindowMs, warmWindowsMin, warmWindowsMax } = this.#durations;
    const window = async () => {
      const { before, after, result } = await this.#run(`closed ${warmWindowMs}`);
      return result.messages === 0 ? undefined : (workedUs(after) - workedUs(before)) / result.messages;
    };
    return warmUp({ window, windowsMin: warmWindowsMin, windowsMax: warmWindowsMax, isStopped });
  }

  /** @returns {Promise<{figures: Record<string, number>, latenciesNs: [number, number][]}>} */
  async measure() {
    const { leadMs, measureMs } = this.#durations;
    const { rate } = this.#cell.parameters;
    // The others have run since: caches fill again before anything counts.
    await this.#load.ask(`closed ${leadMs}`);
    const { before, after, result, disturbed } = await this.#run(commandOf(this.#cell.parameters, measureMs));
    if (result.messages === 0) throw new Error('no message came back');
    const figures = {
      ...cpuFigures(before, after, result),
      ...disturbed,
      ...latencyFigures(result.latenciesNs),
    };
    if (rate !== undefined) figures.lateP99Us = latencyFigures(result.latenessNs).p99Us;
    return { figures, latenciesNs: result.latenciesNs };
  }

  async close() {
    await this.#load?.kill();
    await this.#server.quit();
    await this.#backend?.quit();
  }
}

/** Memory: what the server's process has grown by, after `collect`, for each unit of the cell. */
async function measureMemory(server, startLoadNow, cell) {
  const { memory } = scenarioOf(cell);
  const before = await server.ask('collect');
  const load = startLoadNow();
  try {
    await load.answer();
    await load.ask(memory.command(cell.parameters));
    const after = await server.ask(memory.peak ? 'usage' : 'collect');
    const grown = memory.peak
      ? after.residentBytesMax - before.residentBytes
      : after.residentBytes - before.residentBytes;
    return { memoryBytes: grown / memory.units(cell.parameters) };
  } finally {
    await load.kill();
  }
}

/** The cold start: all that the process has worked since it was started, when the first answers are there. */
async function measureCold(server, startLoadNow, cell) {
  const load = startLoadNow();
  try {
    await load.answer();
    await load.ask(`count ${cell.parameters.first}`);
    const { userUs, systemUs } = await server.ask('usage');
    return { cpuUs: userUs + systemUs, userUs, systemUs };
  } finally {
    await load.kill();
  }
}

const FRESH = { memory: measureMemory, cold: measureCold };

export const needsFreshProcesses = ({ kind }) => FRESH[kind] !== undefined;

/** @returns {Promise<{engine?: string, figures: Record<string, number>}>} */
export async function measureFresh(cell, transport, settings) {
  const { server, backend, listening, engine } = await startServer(cell, transport, settings);
  try {
    const figures = await FRESH[cell.kind](server, () => startLoad(cell, listening, settings), cell);
    return { engine, figures };
  } finally {
    await server.quit();
    await backend?.quit();
  }
}
