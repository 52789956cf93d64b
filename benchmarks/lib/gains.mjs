// What the package gains and where it gains nothing, in a sentence: the figures are a result's.
import { BASE } from './transports.mjs';

/** The cells of the picture, by short names, and of the sentence, by `text`. `tcp`: one range for them all. */
const CELLS = [
  { id: 'echo/connections=50,bytes=64', name: 'TCP echo, 64 B', text: 'echo of 64 B', tcp: true },
  { id: 'echo/connections=50,bytes=16384', name: 'TCP echo, 16 KiB', text: 'echo of 16 KiB', tcp: true },
  { id: 'churn/connections=50,bytes=64', name: 'short connections', tcp: true },
  { id: 'proxy/connections=50,bytes=64', name: 'pipe() both ways', text: '`pipe()`', tcp: true },
  { id: 'websocket/connections=500,bytes=64', name: 'WebSocket (ws)', text: 'WebSockets (ws, with 500)' },
  { id: 'http/framework=http,connections=50', name: 'http.Server', text: '`http.Server`' },
  { id: 'http/framework=express,connections=50', name: 'Express' },
  { id: 'http/framework=fastify,connections=50', name: 'Fastify' },
  { id: 'tls/connections=50,bytes=64', name: 'TLS' },
  { id: 'http/framework=http,connections=50,tls=true', name: 'https' },
  { id: 'http2/connections=50', name: 'HTTP/2' },
];

/** Those of them that the result may speak of, with their ratios. */
export function gainsOf(summaries) {
  return CELLS.flatMap((one) => {
    const ratio = summaries.find(({ cell }) => cell.id === one.id)?.rows['iocp-net']?.ratio;
    return ratio?.publishable ? [{ ...one, ratio }] : [];
  });
}

const textOf = ({ name, text = name }) => text;
const times = ({ ratio }) => `${ratio.ratio.toFixed(2)} times`;

/** "A, B and C" */
const listed = (names) => names.join(', ').replace(/, ([^,]*)$/, ' and $1');

/** "1.32 to 1.63 times", "TCP (...)" */
function tcpClause(better) {
  const inOrder = [...better].sort((a, b) => a.ratio.ratio - b.ratio.ratio);
  const [least, most] = [inOrder.at(0), inOrder.at(-1)].map(times);
  const range = least === most ? most : `${least.replace(/ times$/, '')} to ${most}`;
  return [range, `TCP (${listed(better.map(textOf))})`];
}

const inWords = ([amount, what], index) =>
  `${amount}${index === 0 ? " iocp-net's processor time" : ''} for ${what}`;

/** @returns {string | undefined} the line of what is worse, "Here `node:net` is ahead: ..." */
export function lossesSentence(gains, where = 'Here') {
  const worse = gains.filter(({ ratio }) => ratio.verdict === 'worse');
  if (worse.length === 0) return undefined;
  return `${where} \`${BASE}\` is ahead: ${listed(worse.map((one) => `${textOf(one)} (${times(one)})`))}.`;
}

/** @returns {string} markdown, a line for each of what is better, equal and worse */
export function gainsSentence(gains) {
  const withVerdict = (verdict) => gains.filter(({ ratio }) => ratio.verdict === verdict);
  const better = withVerdict('better');
  const tcp = better.filter((one) => one.tcp);
  const clauses = [
    ...(tcp.length > 0 ? [tcpClause(tcp)] : []),
    ...better.filter((one) => !one.tcp).map((one) => [times(one), textOf(one)]),
  ];
  const equal = listed(withVerdict('no difference').map(textOf));
  const worse = lossesSentence(gains);
  return [
    clauses.length > 0
      ? `With 50 connections a server on \`${BASE}\` takes ${listed(clauses.map(inWords))}.`
      : 'The last run shows no gain.',
    ...(equal ? [`No difference: ${equal}.`] : []),
    ...(worse ? [worse] : []),
  ].join('\n');
}
