'use strict';

// why-is-node-running: what it names, with the lines of this program that made it. Frames of files of the package that
// carries the sockets stand between those, where node:net's own have no file: they are left out. Sorted: whether a
// connection is accepted before its client knows of it is the system's.

const { default: why } = require('why-is-node-running');
const http = require('node:http');
const net = require('node:net');
const { listen, calm, print } = require('./support.cjs');

function dump(title) {
  const lines = [];
  why({ error: (line) => lines.push(line.replace(/ +- /, ' - ')) });
  const own = new RegExp(`${require('node:path').basename(__filename)}|^#`);
  const resources = lines
    .filter((line) => own.test(line))
    .join('\n')
    .split(/\n?# /);
  // The preload loads dns before the tool begins to look.
  const kept = resources.filter((text) => text !== 'DNSCHANNEL' && text !== '');
  print(`${title}\n${kept.sort().join('\n')}`);
}

async function main() {
  const server = net.createServer((socket) => socket.on('error', () => {}));
  const port = await listen(server);
  const web = http.createServer(() => {});
  const webPort = await listen(web);
  const client = net.connect(port, '127.0.0.1');
  const silent = net.connect(port, '127.0.0.1').unref();
  await Promise.all([client, silent].map((each) => new Promise((resolve) => each.once('connect', resolve))));
  const request = http.get({ host: '127.0.0.1', port: webPort, agent: false });
  request.on('error', () => {});
  await new Promise((resolve) => web.once('request', resolve));
  await calm();
  dump('open');
  process.exit();
}

main();
