'use strict';

// HTTP clients, WebSockets and other protocols whose servers and clients are JavaScript, with the port preloaded.

const { carriedAlike } = require('./support/carried.js');
const { needsPackages } = require('../support/ecosystem-packages.js');

describe('clients and pairs through the preload', function () {
  this.timeout(180_000);
  needsPackages();
  for (const name of ['http', 'axios', 'got', 'undici']) {
    it(name, () => carriedAlike('clients.js', [name], { accepted: 2, connected: 2 }));
  }
  it('http, with the preload as --import', () =>
    carriedAlike('clients.js', ['http'], { accepted: 2, connected: 2, preload: 'import' }));
  it('ws', () => carriedAlike('websockets.js', ['ws'], { accepted: 1, connected: 1 }));
  it('socket.io and its client', () =>
    carriedAlike('websockets.js', ['socket.io'], { accepted: 1, connected: 1 }));
  it('aedes and mqtt', () => carriedAlike('pairs.js', ['mqtt'], { accepted: 1, connected: 1 }));
  it('smtp-server and nodemailer, with STARTTLS', () =>
    carriedAlike('pairs.js', ['smtp'], { accepted: 1, connected: 1 }));
  it('ssh2, server and client', () => carriedAlike('pairs.js', ['ssh'], { accepted: 1, connected: 1 }));
});
