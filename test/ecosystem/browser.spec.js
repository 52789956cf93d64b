'use strict';

// A headless Chromium (Debian's package) in front of servers on the port, on Linux: no error, nothing that hangs.

const assert = require('node:assert/strict');
const path = require('node:path');
const { fork } = require('node:child_process');
const { carriedAlike } = require('./support/carried.js');
const { needsPackages } = require('../support/ecosystem-packages.js');
const { missingPackages } = require('./support/servers.js');

const ASSETS = 100;

/** Loads both pages in a process of its own, and resolves with what the browser has seen. */
function visit(ports) {
  return new Promise((resolve, reject) => {
    const child = fork(path.join(__dirname, 'programs/visit.js'), ports.map(String));
    child.once('message', resolve);
    child.once('error', reject);
    child.once('close', (code, signal) => reject(new Error(`the visit ended with ${signal ?? code}`)));
  });
}

if (process.platform === 'linux') {
  describe('a browser', function () {
    this.timeout(240_000);
    needsPackages();
    it(`loads an Express page with ${ASSETS} assets, a WebSocket echo and a page over HTTP/2`, async function () {
      if (missingPackages(['chromium']).length > 0) {
        const line = 'apt-get install -y --no-install-recommends chromium';
        if (process.env.IOCP_NET_REQUIRE_SERVERS === '1')
          throw new Error(`Chromium is not installed: ${line}`);
        console.log(`      not run, Chromium is not installed: ${line}`);
        this.skip(); // the gate requires it
      }
      const seen = [];
      const answer = async (ports) => {
        const result = await visit(JSON.parse(ports));
        seen.push(result);
        return result;
      };
      await carriedAlike('pages.js', [], { accepted: 2, answer, libuvToo: true });
      for (const { loaded, echo, lengths, problems } of seen) {
        assert.deepEqual(problems, []);
        assert.deepEqual(loaded, { loaded: ASSETS, failed: [] });
        assert.equal(echo.length, 20);
        assert.equal(lengths.length, ASSETS);
      }
    });
  });
}
