// The command line of the suite.
import path from 'node:path';
import { parseArgs } from 'node:util';

export const HELP = `usage: iocp-net bench [options]        in the repository: npm run bench -- [options]

  --quick                    few cells and short rounds: less than two minutes
  --scenario TEXT            the cell with this id (see --list), or cells whose name contains TEXT (repeat, or
                             separate by commas)
  --transport NAME           node:net, iocp-net, bun, deno, floor; further node:net@22.23.3 (another version of Node),
                             iocp-net+malloc (glibc keeps large blocks mapped), node:net#2 (a second column)
                             (repeat, or separate by commas; default: all that is installed)
  --json FILE                the result, with every sample
  --html FILE                the result as one page with plots, which opens without a network
  --resume FILE              goes on with an interrupted result
  --budget-minutes N         stops then at the latest (default: 60, with --quick 1.8)
  --rounds N                 rounds for each cell at most (default: 15, with --quick 6)
  --no-pin                   leave it to the system which processor runs what
  --platform wine            on Linux: Node for Windows under Wine, on the Windows engine. No measure of Windows.
  --list                     print the cells and end
  --help                     this text

The first figure is the CPU time of the server, user and system, for each message: it survives a busy machine, messages
per second do not. Each ratio is formed within one round against node:net, and printed with its 95 % interval.
`;

const DURATIONS = {
  full: { warmUpMs: 100, warmUpCpuMs: 500, warmUpMsMax: 8_000, measureMs: 500 },
  quick: { warmUpMs: 70, warmUpCpuMs: 350, warmUpMsMax: 2_000, measureMs: 200 },
};
const LIMITS = { full: { minutes: 60, rounds: 15 }, quick: { minutes: 1.8, rounds: 6 } };

const SPECIFICATION = {
  quick: { type: 'boolean', default: false },
  scenario: { type: 'string', multiple: true, default: [] },
  transport: { type: 'string', multiple: true, default: [] },
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
    json: absolute(values.json),
    html: absolute(values.html),
    resume: absolute(values.resume),
    pin: !values['no-pin'],
    budgetMs: positive('budget-minutes', values['budget-minutes'], LIMITS[extent].minutes) * 60_000,
    roundsMax: Math.ceil(positive('rounds', values.rounds, LIMITS[extent].rounds)),
    durations: DURATIONS[extent],
  };
}
