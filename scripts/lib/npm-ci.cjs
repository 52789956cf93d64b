'use strict';
// npm ci for packages that only some suites need. Where npm's registry cannot be reached, those suites are left out.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** What npm says when the registry cannot be reached. */
const UNREACHABLE = /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/;

/** The command; on Windows npm's own program beside node.exe, since npm.cmd needs a shell. None under Wine. */
function npmCommand() {
  if (process.platform !== 'win32') return ['npm'];
  const cli = path.join(path.dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  return fs.existsSync(cli) ? [process.execPath, cli] : undefined;
}

function leaveOut(reason, details = reason) {
  if (process.env.CI === 'true') throw new Error(details);
  console.log(`iocp-net: not run, ${reason}`);
  return false;
}

/**
 * Installs what the lock file of the folder says, without install scripts: what they would build is optional, or comes
 * with the packages. False where that is not possible here; in CI it then throws.
 * @param {string} folder
 * @param {string} what  for the line that announces it
 */
function npmCi(folder, what) {
  const npm = npmCommand();
  if (npm === undefined) return leaveOut(`${what} are not installed, and there is no npm beside node.exe`);
  console.log(`iocp-net: installing ${what} from npm, once`);
  const [command, ...first] = npm;
  const args = [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  const { error, status, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status === 0) return true;
  if (!UNREACHABLE.test(stderr)) throw new Error(stderr);
  return leaveOut("npm's registry cannot be reached", stderr);
}

module.exports = { npmCi };
