// The command line of the suite.
import path from 'node:path';
import { parseArgs } from 'node:util';

export const HELP = `usage: iocp-net bench [options]        in the repository: npm run bench -- [options]

  --quick                    few cells and short rounds: less than two minutes
  --scenario TEXT            the cell with this id (see --list), or cells whose name contains TEXT (repeat, or
                             separate by commas)
  --transport NAME           node:net, iocp-net, bun, deno, floor; further node:net@22.23.3 (another version of Node),
                             iocp-net+malloc (glibc keeps large blocks mapped), node:net#2 (a second column)
                             (repeat, or separate by commas; default: all that is installed). Where there is something
                             to compare, node:net runs a second time, as the control: node:net#2
  --node VERSION             the Node that node:net and iocp-net run on, fetched from npm once (default: this one)
  --json FILE                the result, with every sample
  --html FILE                the result as one page with plots, which opens without a network
  --resume FILE              goes on with an interrupted result
  --budget-minutes N         stops then at the latest (default: 120, with --quick 1.8)
  --rounds N                 rounds for each cell at most (default: 24, with --quick 6)
  --no-pin                   leave it to the system which processor runs what
  --platform wine            on Linux: Node for Windows under Wine, on the Windows engine. No measure of Windows.
  --list                     print the cells and end
  --help                     this text

The first figure is the CPU time of the server, user and system, for each message, once it is warm: it survives a busy
machine, messages per second do not. Each ratio is formed within one round against node:net, and printed with its 95 %
interval. Ctrl+C ends after the measurement that is under way, and prints what there is.
`;

// Windows of a warm-up: as many without progress after as many at least, and at most warmWindowsMax.
const DURATIONS = {
  full: { warmWindowMs: 250, warmWindowsMin: 4, warmWindowsMax: 60, leadMs: 50, measureMs: 500 },
  quick: { warmWindowMs: 100, warmWindowsMin: 3, warmWindowsMax: 20, leadMs: 20, measureMs: 200 },
};
const LIMITS = {
  full: { minutes: 120, rounds: 24, visitRounds: 8, visitsMin: 2 },
  quick: { minutes: 1.8, rounds: 6, visitRounds: 6, visitsMin: 1 },
};

const SPECIFICATION = {
  quick: { type: 'boolean', default: false },
  scenario: { type: 'string', multiple: true, default: [] },
  transport: { type: 'string', multiple: true, default: [] },
  node: { type: 'string' },
  json: { type: 'string' },
  html: { type: 'string' },
  resume: { type: 'string' },
  'budget-minutes': { type: 'string' },
  rounds: { type: 'string' },
  'no-pin': { type: 'boolean', default: false },
  platform: { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

function positive(name, text, otherwise) {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not '${text}'`);
  return value;
}

function version(text) {
  if (text === undefined || /^\d+\.\d+\.\d+$/.test(text)) return text;
  throw new Error(`--node takes a version such as 24.21.0, not '${text}'`);
}

const split = (values) => values.flatMap((value) => value.split(',')).filter((value) => value !== '');
const absolute = (file) => (file === undefined ? undefined : path.resolve(file));

/** @param {string[]} argv */
export function parseOptions(argv) {
  const { values } = parseArgs({ args: argv, options: SPECIFICATION });
  const extent = values.quick ? 'quick' : 'full';
  if (values.platform !== undefined && values.platform !== 'wine') {
    throw new Error(`--platform is 'wine' or nothing, not '${values.platform}'`);
  }
  return {
    extent,
    help: values.help,
    list: values.list,
    wine: values.platform === 'wine',
    scenarios: values.scenario,
    transports: split(values.transport),
    node: version(values.node),
    json: absolute(values.json),
    html: absolute(values.html),
    resume: absolute(values.resume),
    pin: !values['no-pin'],
    budgetMs: positive('budget-minutes', values['budget-minutes'], LIMITS[extent].minutes) * 60_000,
    roundsMax: Math.ceil(positive('rounds', values.rounds, LIMITS[extent].rounds)),
    visitRounds: LIMITS[extent].visitRounds,
    visitsMin: LIMITS[extent].visitsMin,
    durations: DURATIONS[extent],
  };
}
