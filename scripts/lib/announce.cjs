'use strict';
// Preloaded after iocp-net/register by `npm start`: says which engine carries the program.
const { engine } = require('iocp-net/engine');

console.log(engine.reason ? `engine: ${engine.name} (${engine.reason})` : `engine: ${engine.name}`);
