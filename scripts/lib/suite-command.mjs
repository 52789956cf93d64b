// The command line that test-linux and test-windows share.
import { parseArgs } from 'node:util';
import { closeResults } from './results.mjs';

const OPTIONS = {
  'node-version': { type: 'string' },
  grep: { type: 'string' },
  help: { type: 'boolean' },
};

/**
 * @param {string} help
 * @param {(selection: {nodeVersion?: string, grep?: string, files: string[]}) => Promise<object[]>} suite
 * @param {import('node:util').ParseArgsConfig['options']} [more]  options of this suite alone, handed on by name
 */
export async function suiteCommand(help, suite, more = {}) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { ...OPTIONS, ...more } });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  try {
    closeResults(await suite({ ...values, nodeVersion: values['node-version'], files: positionals }));
  } catch (error) {
    console.error(`iocp-net: ${error.message}`);
    process.exitCode = 1;
  }
}
