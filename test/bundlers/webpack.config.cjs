const path = require('node:path');

module.exports = {
  mode: 'production',
  target: 'node20',
  entry: './app.cjs',
  output: { path: path.resolve('out'), filename: 'app.cjs' },
  node: { __dirname: false, __filename: false },
};
