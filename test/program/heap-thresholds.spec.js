'use strict';

// Chunks of large messages are freed in bulk, by a collection. glibc would give their memory back to the system, and
// every page of the next chunks would be a fault: the engine has raised glibc's thresholds. They are seen by a large block,
// which comes from the heap with them, and has a mapping of its own without. Linux with glibc alone.

const assert = require('node:assert/strict');
const { run } = require('../support/program.js');

const MIB = 1024 * 1024;
const BLOCK_BYTES = 12 * MIB; // more than the heap has to spare by then

const source = (load) => `
  const fs = require('node:fs');
  ${load};
  const heapBytes = () => {
    const [, from, to] = /^(\\w+)-(\\w+) .*\\[heap\\]$/m.exec(fs.readFileSync('/proc/self/maps', 'latin1'));
    return parseInt(to, 16) - parseInt(from, 16);
  };
  const before = heapBytes();
  globalThis.block = Buffer.allocUnsafeSlow(${BLOCK_BYTES});
  console.log(heapBytes() - before);`;

async function heapGrowth(load, env) {
  const { code, stdout, stderr } = await run({ source: source(load), env });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return Number(stdout);
}

const isGlibc = Boolean(process.report.getReport().header.glibcVersionRuntime);

if (process.platform === 'linux' && isGlibc) {
  describe('memory of large chunks', () => {
    const open = "require('iocp-net/engine').engine.name";

    it('would go back to the system without the engine', async () => {
      assert.ok((await heapGrowth('', {})) < MIB);
    });

    it('stays with the process', async () => {
      assert.ok((await heapGrowth(open, {})) >= BLOCK_BYTES / 2);
    });

    it("follows the user's own thresholds", async () => {
      assert.ok((await heapGrowth(open, { MALLOC_MMAP_THRESHOLD_: String(128 * 1024) })) < MIB);
      assert.ok((await heapGrowth(open, { MALLOC_TRIM_THRESHOLD_: String(128 * 1024) })) < MIB);
    });
  });
}
