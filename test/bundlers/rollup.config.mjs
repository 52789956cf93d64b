import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import resolve from '@rollup/plugin-node-resolve';

// A module has no require of its own; the package asks Node for one.
const banner = `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;

export default {
  input: 'app.mjs',
  output: { file: 'out/app.mjs', format: 'es', banner },
  external: [/^node:/],
  plugins: [resolve({ preferBuiltins: true }), commonjs({ ignoreDynamicRequires: true }), json()],
};
