'use strict';

// Servers and clients of other protocols, both in JavaScript.

const crypto = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { scenario, once, listening } = require('../support/scenario.js');

const fixture = (name) => fs.readFileSync(path.join(__dirname, '../../program/fixtures', name));

const pairs = {
  async mqtt(sample) {
    const { Aedes } = require('aedes');
    const mqtt = require('mqtt');
    const broker = await Aedes.createBroker();
    const server = net.createServer(broker.handle);
    const port = await listening(server);
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'c', reconnectPeriod: 0 });
    sample();
    await client.subscribeAsync('t/#', { qos: 1 });
    const received = [];
    const all = new Promise((resolve) => {
      client.on('message', (topic, payload) => {
        received.push([topic, payload.length]);
        if (received.length === 50) resolve();
      });
    });
    for (let i = 0; i < 50; i++) await client.publishAsync(`t/${i}`, 'x'.repeat(100 * i), { qos: 1 });
    await all;
    await client.endAsync();
    await new Promise((resolve) => broker.close(resolve));
    server.close();
    return received;
  },
  /** Mail with STARTTLS: a connection that becomes TLS half-way, on both sides. */
  async smtp(sample) {
    const { SMTPServer } = require('smtp-server');
    const nodemailer = require('nodemailer');
    const mails = [];
    const server = new SMTPServer({
      key: fixture('localhost-key.pem'),
      cert: fixture('localhost-cert.pem'),
      onAuth: ({ username, password }, session, done) =>
        done(null, password === 'secret' ? { user: username } : undefined),
      onData(stream, { envelope, secure }, done) {
        let text = '';
        stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        stream.on('end', () => {
          mails.push([
            envelope.rcptTo.map(({ address }) => address),
            secure,
            text.includes('Subject: lots'),
            text.length > 200_000,
          ]);
          done();
        });
      },
    });
    server.server.on('connection', sample);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.server.address();
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      port,
      requireTLS: true,
      tls: { rejectUnauthorized: false },
      auth: { user: 'me', pass: 'secret' },
    });
    const { accepted } = await transport.sendMail({
      from: 'a@example.org',
      to: 'b@example.org, c@example.org',
      subject: 'lots',
      text: 'line\n'.repeat(50_000),
    });
    transport.close();
    await new Promise((resolve) => server.close(resolve));
    return { accepted, mails };
  },
  async ssh(sample) {
    const { Client, Server } = require('ssh2');
    const { privateKey } = crypto.generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    const server = new Server({ hostKeys: [privateKey] }, (connection) => {
      connection.on('authentication', (context) =>
        context.method === 'password' && context.password === 'secret'
          ? context.accept()
          : context.reject(['password']),
      );
      connection.on('session', (accept) =>
        accept().on('exec', (acceptExec, reject, { command }) => {
          const stream = acceptExec();
          stream.write(`ran ${command}\n`);
          stream.write('y'.repeat(300_000));
          stream.exit(7);
          stream.end();
        }),
      );
      connection.on('error', () => {});
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new Client();
    client.connect({ host: '127.0.0.1', port: server.address().port, username: 'me', password: 'secret' });
    await once(client, 'ready');
    sample();
    const result = await new Promise((resolve, reject) => {
      client.exec('something', (error, stream) => {
        if (error) return reject(error);
        let bytes = 0;
        let code;
        stream.on('data', (chunk) => (bytes += chunk.length));
        stream.on('exit', (status) => (code = status));
        stream.on('close', () => resolve({ bytes, code }));
      });
    });
    client.end();
    await once(client, 'close');
    await new Promise((resolve) => server.close(resolve));
    return result;
  },
};

scenario(({ sample, args: [kind] }) => pairs[kind](sample));
