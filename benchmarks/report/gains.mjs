// The picture of README.md: a bar for each gain, from 1 (as node:net) on. Drawn for a phone; it brings its own background,
// since a page may be dark where the system is light.
import { BASE } from '../lib/transports.mjs';
import { escaped } from './html.mjs';

const WIDTH = 420;
const MARGIN = 14;
const ROW = 23;
const TOP = 58;
const BAR = 11;
/** Where the bars are; their names stand left of it and the figures right. */
const PLOT = { from: 136, to: 322 };

const STYLE = [
  'text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:13px}.quiet{fill:#59636e}',
  '.card{fill:#fff;stroke:#d1d9e0}.one{stroke:#59636e}.better{fill:#2a78d6}.worse{fill:#c4441c}.same{fill:#8c959f}',
  '.interval{stroke:#1f2328;stroke-width:1.5}',
  '@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.card{fill:#0d1117;stroke:#3d444d}',
  '.one{stroke:#9198a1}.better{fill:#4c94ea}.worse{fill:#e8703f}.interval{stroke:#f0f6fc}}',
].join('');

const tidy = (value) => Number(value.toFixed(1));

/** @param {{name: string, ratio: object}[]} gains  as of gainsOf() */
export function gainsPicture(gains, { date, node }) {
  const low = Math.min(0.9, ...gains.map(({ ratio }) => ratio.low));
  const high = Math.max(1.1, ...gains.map(({ ratio }) => ratio.high));
  const x = (value) => tidy(PLOT.from + ((value - low) / (high - low)) * (PLOT.to - PLOT.from));
  const height = TOP + gains.length * ROW + 34;

  const rows = gains.flatMap(({ name, ratio }, index) => {
    const y = TOP + index * ROW;
    const kind = ['better', 'worse'].includes(ratio.verdict) ? ratio.verdict : 'same';
    const [from, to] = [Math.min(1, ratio.ratio), Math.max(1, ratio.ratio)].map(x);
    const text = kind === 'same' ? 'no difference' : `${ratio.ratio.toFixed(2)}×`;
    const middle = y + ROW / 2;
    return [
      `<text x="${MARGIN}" y="${middle + 4}">${escaped(name)}</text>`,
      `<rect class="${kind}" x="${from}" y="${middle - BAR / 2}" width="${tidy(to - from)}" height="${BAR}"/>`,
      `<path class="interval" d="M${x(ratio.low)} ${middle}H${x(ratio.high)}"/>`,
      `<text x="${WIDTH - MARGIN}" y="${middle + 4}" text-anchor="end"${kind === 'same' ? ' class="quiet"' : ''}>${text}</text>`,
    ];
  });
  const bottom = TOP + gains.length * ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="560" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>Processor time of a server on ${BASE}, as a multiple of that on iocp-net</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="card" x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    `<text class="title" x="${MARGIN}" y="24">Processor time: ${BASE} over iocp-net</text>`,
    `<text class="quiet" x="${MARGIN}" y="42">1 at the line, longer is better; 50 connections (ws: 500)</text>`,
    ...rows,
    `<path class="one" d="M${x(1)} ${TOP}V${bottom}"/>`,
    `<text class="quiet" x="${MARGIN}" y="${bottom + 21}">Thin lines: 95 % intervals. ${date.slice(0, 10)}, Node ${node.slice(1)}, Linux x64</text>`,
    '</svg>',
    '',
  ].join('\n');
}
