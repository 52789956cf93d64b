'use strict';

// Clients of real servers: connect, transfer, live through a restart of the server, close.

const { scenario } = require('../support/scenario.js');

const BIG = 'ä'.repeat(150_000);

/** Waits for a client to be back. What it meets while the server is down ('error': ECONNREFUSED) is no failure. */
const back = (client, event) => new Promise((resolve) => client.once(event, resolve));

/** Calls until it succeeds: the server is up again, the client has yet to notice. */
async function retried(call) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const clients = {
  async redis(port, { sample, ask }) {
    const { Redis } = require('ioredis');
    const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50 });
    client.on('error', () => {});
    const results = [await client.ping()];
    sample();
    await client.set('big', BIG);
    results.push((await client.get('big')) === BIG);
    results.push(
      await Promise.all(Array.from({ length: 500 }, () => client.incr('n'))).then((all) => all.at(-1)),
    );
    const again = back(client, 'ready');
    await ask('restart');
    await again;
    results.push(await retried(() => client.set('after', 'restart')), await client.get('after'));
    await client.quit();
    return results;
  },
  async memcached(port, { sample, ask }) {
    const memjs = require('memjs');
    const client = memjs.Client.create(`127.0.0.1:${port}`, { retries: 5, failoverTime: 0, conntimeout: 5 });
    await client.set('key', BIG, {});
    sample();
    const results = [String((await client.get('key')).value) === BIG];
    await ask('restart');
    await retried(() => client.set('key', 'after', {}));
    results.push(String((await retried(() => client.get('key'))).value));
    client.close();
    return results;
  },
  async postgres(port, { sample, ask }) {
    const { Pool } = require('pg');
    const pool = new Pool({ host: '127.0.0.1', port, user: 'tester', database: 'postgres', max: 3 });
    pool.on('error', () => {}); // the server is restarted below
    await pool.query('create table if not exists t (n int, text text)');
    await pool.query('truncate t');
    sample();
    await Promise.all(
      Array.from({ length: 30 }, (_, n) => pool.query('insert into t values ($1, $2)', [n, `row ${n}`])),
    );
    const results = [(await pool.query('select count(*)::int as count, sum(n)::int as sum from t')).rows];
    results.push((await pool.query('select $1::text as big', [BIG])).rows[0].big === BIG);
    await ask('restart');
    results.push(await retried(async () => (await pool.query('select max(n) as max from t')).rows));
    await pool.end();
    return results;
  },
  async mariadb(port, { sample, ask }) {
    const mysql = require('mysql2/promise');
    const pool = mysql.createPool({ host: '127.0.0.1', port, user: 'root', connectionLimit: 3 });
    await pool.query('create database if not exists test');
    await pool.query('create table if not exists test.t (n int, text varchar(40))');
    await pool.query('truncate test.t');
    sample();
    await Promise.all(
      Array.from({ length: 30 }, (_, n) => pool.execute('insert into test.t values (?, ?)', [n, `row ${n}`])),
    );
    const results = [(await pool.query('select count(*) as count, max(n) as max from test.t'))[0]];
    results.push((await pool.query('select ? as big', [BIG]))[0][0].big === BIG);
    await ask('restart');
    results.push(await retried(async () => (await pool.query('select count(*) as count from test.t'))[0]));
    await pool.end();
    return results;
  },
  async mosquitto(port, { sample, ask }) {
    const mqtt = require('mqtt');
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
      clientId: 'spec',
      reconnectPeriod: 50,
    });
    client.on('error', () => {});
    sample();
    await client.subscribeAsync('t/#', { qos: 1 });
    const received = async (count, publish) => {
      const topics = [];
      const all = new Promise((resolve) => {
        const listener = (topic, payload) => {
          topics.push([topic, payload.length]);
          if (topics.length < count) return;
          client.off('message', listener);
          resolve(topics);
        };
        client.on('message', listener);
      });
      await publish();
      return all;
    };
    const results = [
      await received(20, async () => {
        for (let i = 0; i < 20; i++) await client.publishAsync(`t/${i}`, 'x'.repeat(1000 * i), { qos: 1 });
      }),
    ];
    const again = back(client, 'connect');
    await ask('restart');
    await again;
    await client.subscribeAsync('t/#', { qos: 1 });
    results.push(await received(1, () => client.publishAsync('t/after', 'restart', { qos: 1 })));
    await client.endAsync();
    return results;
  },
  async rabbitmq(port, { sample, ask }) {
    const amqp = require('amqplib');
    const client = await amqp.connect(`amqp://127.0.0.1:${port}`, {
      recovery: { maxRetries: Number.POSITIVE_INFINITY, calculateDelay: () => 50 },
    });
    client.on('error', () => {});
    const opened = async () => {
      const channel = await client.createConfirmChannel();
      channel.on('error', () => {}); // the broker says so when it goes
      await channel.assertQueue('spec', { durable: true });
      return channel;
    };
    const received = (channel, count) =>
      new Promise((resolve, reject) => {
        const bodies = [];
        const listener = (message) => {
          channel.ack(message);
          bodies.push([message.content.length, message.properties.messageId]);
          if (bodies.length === count) channel.cancel('spec').then(() => resolve(bodies), reject);
        };
        channel.consume('spec', listener, { consumerTag: 'spec' }).catch(reject);
      });
    const channel = await opened();
    sample();
    await channel.purgeQueue('spec');
    const send = (size, messageId) =>
      channel.sendToQueue('spec', Buffer.alloc(size, 'x'), { messageId, persistent: true });
    for (let i = 0; i < 20; i++) send(10_000 * i, `${i}`);
    await channel.waitForConfirms();
    const results = [await received(channel, 20)];
    send(BIG.length, 'kept');
    await channel.waitForConfirms();
    const again = back(client, 'connect');
    await ask('restart');
    await again;
    results.push(await received(await opened(), 1));
    await client.close();
    return results;
  },
};

scenario(({ args: [name, port], ...tools }) => clients[name](Number(port), tools));
