// node --require iocp-net/register app.js: an unmodified program on the port.
import { install } from './install.js';

install();
