#!/usr/bin/env node
// Chart.js is a development dependency; the package carries a copy, so that iocp-net bench --html works from it.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import paths from './lib/paths.cjs';

const folder = path.dirname(createRequire(import.meta.url).resolve('chart.js'));
const target = path.join(paths.root, 'dist', 'bench');
fs.mkdirSync(target, { recursive: true });
fs.copyFileSync(path.join(folder, 'chart.umd.min.js'), path.join(target, 'chart.umd.min.js'));
fs.copyFileSync(path.join(folder, '..', 'LICENSE.md'), path.join(target, 'chart.LICENSE.md'));
