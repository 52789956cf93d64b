'use strict';

// Programs whose connections become TLS or HTTP/2 on their way: databases, mail, proxies, gRPC.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const https = require('node:https');
const http = require('node:http');
const net = require('node:net');
const tls = require('node:tls');
const { scenario, once, listening } = require('../support/scenario.js');
const { identity, exchange } = require('../../support/secure.js');

const MIB = 1024 * 1024;
const VOLUME_BYTES = 100 * MIB;
const BIG = 'ä'.repeat(2_000_000);
const sha256 = (data) => crypto.createHash('sha256').update(data).digest('hex');

/** A server of a protocol of lines, on which STARTTLS is one; afterwards it takes `VOLUME_BYTES` and gives as many. */
function lineServer(greeting, answers, go) {
  return net.createServer((socket) => {
    socket.on('error', () => {});
    socket.write(greeting);
    let text = '';
    socket.on('data', function line(chunk) {
      text += chunk.toString('latin1');
      for (let at = text.indexOf('\r\n'); at >= 0; at = text.indexOf('\r\n')) {
        const said = text.slice(0, at);
        text = text.slice(at + 2);
        if (!/STARTTLS/.test(said)) {
          socket.write(answers(said));
          continue;
        }
        socket.removeListener('data', line);
        socket.pause();
        socket.write(go(said));
        const secure = new tls.TLSSocket(socket, { isServer: true, ...identity });
        secure.on('end', () => secure.end());
        exchange(secure, VOLUME_BYTES, 1).then((all) => socket.server.emit('exchanged', all));
        return;
      }
    });
  });
}

/** Speaks the lines, upgrades, exchanges; gives what was said and whether both digests of both sides agree. */
async function startTls(server, lines, sample) {
  const port = await listening(server);
  const exchanged = once(server, 'exchanged');
  const socket = net.connect(port, '127.0.0.1');
  const said = [];
  const next = async () => said.push(String(await once(socket, 'data')));
  await next();
  sample();
  for (const line of lines) {
    socket.write(`${line}\r\n`);
    await next();
  }
  const secured = tls.connect({ socket, rejectUnauthorized: false });
  const ours = await exchange(secured, VOLUME_BYTES, 2);
  const theirs = await exchanged;
  secured.end();
  await once(socket, 'close');
  server.close();
  return {
    said,
    ours: ours.received === theirs.sent,
    theirs: theirs.received === ours.sent,
    bytes: ours.bytes,
  };
}

const cases = {
  smtp: (_args, { sample }) =>
    startTls(
      lineServer(
        '220 mail\r\n',
        (line) => `250 ${line}\r\n`,
        () => '220 go\r\n',
      ),
      ['EHLO me', 'STARTTLS'],
      sample,
    ),
  imap: (_args, { sample }) =>
    startTls(
      lineServer(
        '* OK ready\r\n',
        (line) => `* CAPABILITY IMAP4rev1 STARTTLS\r\n${line.split(' ')[0]} OK\r\n`,
        (line) => `${line.split(' ')[0]} OK begin\r\n`,
      ),
      ['a1 CAPABILITY', 'a2 STARTTLS'],
      sample,
    ),
  /** One way is all that mail has. */
  async mail(_args, { sample }) {
    const { SMTPServer } = require('smtp-server');
    const nodemailer = require('nodemailer');
    const arrived = [];
    const server = new SMTPServer({
      ...identity,
      authOptional: true,
      onData(stream, { secure }, done) {
        const hash = crypto.createHash('sha256');
        let bytes = 0;
        stream.on('data', (chunk) => {
          hash.update(chunk);
          bytes += chunk.length;
        });
        stream.on('end', () => {
          arrived.push({ secure, bytes, hash: hash.digest('hex') });
          done();
        });
      },
    });
    server.server.on('connection', sample);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      port: server.server.address().port,
      requireTLS: true,
      tls: { rejectUnauthorized: false },
    });
    const line = `${'of a hundred mebibytes '.repeat(2)}\r\n`;
    const raw = Buffer.from(line.repeat(Math.ceil(VOLUME_BYTES / line.length)));
    await transport.sendMail({ envelope: { from: 'a@example.org', to: ['b@example.org'] }, raw });
    transport.close();
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(arrived, [{ secure: true, bytes: raw.length, hash: sha256(raw) }]);
    return arrived;
  },
  async postgres([port], { sample }) {
    const { Client } = require('pg');
    const client = new Client({
      host: '127.0.0.1',
      port: Number(port),
      user: 'tester',
      database: 'postgres',
      ssl: { rejectUnauthorized: false },
    });
    client.connection.stream.once('connect', sample);
    await client.connect();
    const ssl = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    const results = [ssl.rows, client.connection.stream.encrypted];
    for (let i = 0; i < 25; i++) {
      const { rows } = await client.query('select $1::text as big', [BIG]);
      results.push(sha256(rows[0].big));
    }
    await client.end();
    return results;
  },
  async mariadb([port], { sample }) {
    const mysql = require('mysql2/promise');
    const connection = await mysql.createConnection({
      host: '127.0.0.1',
      port: Number(port),
      user: 'root',
      ssl: { rejectUnauthorized: false },
    });
    sample();
    const [[cipher]] = await connection.query("show status like 'Ssl_cipher'");
    const results = [cipher.Value.length > 0];
    for (let i = 0; i < 25; i++) {
      const [[row]] = await connection.query('select ? as big', [BIG]);
      results.push(sha256(row.big));
    }
    await connection.end();
    return results;
  },
  /** https through a proxy that gets CONNECT. */
  async proxy(_args, { sample }) {
    const { HttpsProxyAgent } = require('https-proxy-agent');
    const body = crypto.createHash('sha256').update('seed').digest();
    const big = Buffer.alloc(VOLUME_BYTES, body);
    const origin = https.createServer(identity, (request, response) => {
      const hash = crypto.createHash('sha256');
      request.on('data', (chunk) => hash.update(chunk));
      request.on('end', () => response.setHeader('x-received', hash.digest('hex')).end(big));
    });
    const originPort = await listening(origin);
    const proxy = http.createServer();
    proxy.on('connect', (request, socket, head) => {
      const [host, port] = request.url.split(':');
      const upstream = net.connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        if (head.length > 0) upstream.write(head);
        socket.pipe(upstream).pipe(socket);
      });
      for (const one of [socket, upstream]) one.on('error', () => {});
    });
    proxy.on('connection', sample);
    const agent = new HttpsProxyAgent(`http://127.0.0.1:${await listening(proxy)}`);
    const request = https.request({
      host: '127.0.0.1',
      port: originPort,
      agent,
      method: 'POST',
      rejectUnauthorized: false,
      headers: { 'content-length': big.length, connection: 'close' },
    });
    request.end(big);
    const response = await once(request, 'response');
    const hash = crypto.createHash('sha256');
    response.on('data', (chunk) => hash.update(chunk));
    await once(response, 'end');
    const over = once(origin, 'close');
    origin.close();
    await over;
    proxy.close();
    proxy.closeAllConnections();
    return {
      sent: response.headers['x-received'] === sha256(big),
      received: hash.digest('hex') === sha256(big),
    };
  },
  /** gRPC over HTTP/2, clear and with TLS, a call and both streams. */
  async grpc(_args, { sample }) {
    const grpc = require('@grpc/grpc-js');
    const bytes = {
      requestSerialize: (x) => x,
      requestDeserialize: (x) => x,
      responseSerialize: (x) => x,
      responseDeserialize: (x) => x,
    };
    const service = {
      echo: { path: '/spec/echo', requestStream: false, responseStream: false, ...bytes },
      stream: { path: '/spec/stream', requestStream: true, responseStream: true, ...bytes },
    };
    const results = [];
    for (const [secure, messages] of [
      [false, 20],
      [true, VOLUME_BYTES / MIB],
    ]) {
      const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
      server.addService(service, {
        echo: (call, done) => done(null, call.request),
        stream(call) {
          call.on('data', (data) => call.write(data));
          call.on('end', () => call.end());
        },
      });
      const credentials = secure
        ? grpc.ServerCredentials.createSsl(null, [{ private_key: identity.key, cert_chain: identity.cert }])
        : grpc.ServerCredentials.createInsecure();
      const port = await new Promise((resolve, reject) =>
        server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
          error ? reject(error) : resolve(bound),
        ),
      );
      const Client = grpc.makeGenericClientConstructor(service, 'spec');
      const client = new Client(
        `127.0.0.1:${port}`,
        secure
          ? grpc.credentials.createSsl(identity.cert, null, null, { checkServerIdentity: () => undefined })
          : grpc.credentials.createInsecure(),
        { 'grpc.max_receive_message_length': -1, 'grpc.ssl_target_name_override': 'localhost' },
      );
      const small = Buffer.from('hello');
      results.push(
        String(
          await new Promise((resolve, reject) =>
            client.echo(small, (error, data) => (error ? reject(error) : resolve(data))),
          ),
        ),
      );
      sample();
      const message = Buffer.alloc(MIB, 'm');
      const call = client.stream();
      const hash = crypto.createHash('sha256');
      let count = 0;
      call.on('data', (data) => {
        hash.update(data);
        count++;
      });
      for (let i = 0; i < messages; i++) call.write(message);
      call.end();
      await once(call, 'end');
      results.push([count, hash.digest('hex')]);
      client.close();
      await new Promise((resolve) => server.tryShutdown(resolve));
    }
    return results;
  },
};

scenario((tools) => cases[tools.args[0]](tools.args.slice(1), tools));
