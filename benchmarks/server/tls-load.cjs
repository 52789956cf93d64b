'use strict';
// The load for TLS: closed loop, one message in flight on each connection; speaks the protocol of native/main.cc.
const crypto = require('node:crypto');
const fs = require('node:fs');
const readline = require('node:readline');
const tls = require('node:tls');
const { parseArgs } = require('node:util');
const { clientOptions } = require('../scenarios/tls.cjs');

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    connections: { type: 'string' },
    'request-bytes': { type: 'string' },
  },
});
const bytes = Number(values['request-bytes']);
const message = crypto.randomBytes(bytes);
const NS_PER_MS = 1_000_000;

function fail(error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

let run; // { endNs, inFlight, latencies, messages, resolve }

function send(connection) {
  if (process.hrtime.bigint() >= run.endNs) {
    if (--run.inFlight === 0) run.resolve();
    return;
  }
  connection.startNs = process.hrtime.bigint();
  connection.socket.write(message);
}

function onData(connection, chunk) {
  const expected = message.subarray(connection.received, connection.received + chunk.length);
  if (!expected.equals(chunk)) fail(new Error('wrong bytes'));
  connection.received += chunk.length;
  if (connection.received < bytes) return;
  connection.received = 0;
  const ns = Number(process.hrtime.bigint() - connection.startNs);
  const bucket = Math.round(ns / 1_000) * 1_000;
  run.latencies.set(bucket, (run.latencies.get(bucket) ?? 0) + 1);
  run.messages++;
  send(connection);
}

function open() {
  return new Promise((resolve) => {
    const address = { port: Number(values.port), host: '127.0.0.1' };
    const socket = tls.connect({ ...clientOptions, ...address }, () => {
      socket.setNoDelay(true);
      resolve(connection);
    });
    const connection = { socket, received: 0, startNs: 0n };
    socket.on('data', (chunk) => onData(connection, chunk));
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the server has closed a connection')));
  });
}

async function measure(connections, ms) {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const endNs = start + BigInt(ms * NS_PER_MS);
  await new Promise((resolve) => {
    run = { endNs, inFlight: connections.length, latencies: new Map(), messages: 0, resolve };
    for (const connection of connections) send(connection);
  });
  const elapsedNs = Number(process.hrtime.bigint() - start);
  const { user, system } = process.cpuUsage(cpu);
  return {
    messages: run.messages,
    bytesSent: run.messages * bytes,
    bytesReceived: run.messages * bytes,
    elapsedNs,
    loadUserNs: user * 1_000,
    loadSystemNs: system * 1_000,
    latenciesNs: [...run.latencies],
    latenessNs: [],
  };
}

const tell = (answer) => fs.writeSync(1, `${JSON.stringify(answer)}\n`);

async function main() {
  const connections = [];
  for (let i = 0; i < Number(values.connections); i++) connections.push(await open());
  tell({ connected: true });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [verb, ms] = line.split(' ');
    if (verb === 'quit') break;
    if (verb !== 'closed') throw new Error(`not a command: ${line}`);
    tell(await measure(connections, Number(ms)));
  }
  process.exit(0);
}

main().catch(fail);
