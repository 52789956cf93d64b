'use strict';
// Figures in sentences and tables of the pages are those of the result that is named beside them. The README's own table is
// looked at by readme.spec.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const RESULT = /\(([./]*benchmarks\/results\/[\w.-]+\.json)\)/g;
/** "1.44× (1.41–1.47)", "no difference (0.99–1.01)", and in tables "0.99–1.01". */
const FIGURE = /(?:(\d\.\d\d)×|(no difference)) \((\d\.\d\d–\d\.\d\d)\)/g;
const INTERVAL = /\b\d\.\d\d–\d\.\d\d\b/g;

function pages() {
  const docs = fs.readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`);
  return ['README.md', ...docs].filter((name) => name.endsWith('.md'));
}

/** Paragraphs that a person wrote; a table belongs to the paragraph above it. */
function paragraphs(page) {
  const text = fs
    .readFileSync(path.join(ROOT, page), 'utf8')
    .replaceAll(/<!-- ([\w-]+):start -->[\s\S]*?<!-- \1:end -->/g, '')
    .replaceAll(/^```[\s\S]*?^```/gm, '');
  return text.replaceAll(/\n\n(?=\|)/g, '\n').split('\n\n');
}

/** What a paragraph says, piece by piece, each with the result that is named at its end; a table has that of its paragraph. */
function* claims(page) {
  for (const paragraph of paragraphs(page)) {
    const [prose] = paragraph.split(/^\|/m);
    const table = paragraph.slice(prose.length);
    let from = 0;
    let file;
    for (const match of prose.matchAll(RESULT)) {
      file = path.posix.join(path.posix.dirname(page), match[1]);
      const piece = prose.slice(from, match.index).replaceAll(/\s+/g, ' ');
      for (const [text, ratio, , interval] of piece.matchAll(FIGURE)) yield { file, text, ratio, interval };
      from = match.index + match[0].length;
    }
    if (file === undefined) continue;
    for (const row of table.split('\n')) {
      const last = row.split('|').at(-2) ?? '';
      for (const [interval] of last.matchAll(INTERVAL)) yield { file, text: `${row}: ${interval}`, interval };
    }
  }
}

describe('bench: figures on the pages', () => {
  let summarizeAll;
  before(async () => {
    ({ summarizeAll } = await import('../../benchmarks/lib/summary.mjs'));
  });

  const known = new Map();

  /** Ratio, interval and verdict of the package, and of the floor, in each cell of a result, as they are printed. */
  function measured(file) {
    if (!known.has(file)) known.set(file, read(file));
    return known.get(file);
  }

  function read(file) {
    const result = JSON.parse(fs.readFileSync(path.join(ROOT, file), 'utf8'));
    return summarizeAll(result)
      .flatMap(({ rows }) => [rows['iocp-net']?.ratio, rows.floor?.ratio])
      .filter((ratio) => ratio?.low !== undefined)
      .map(({ ratio, low, high, verdict }) => ({
        ratio: ratio.toFixed(2),
        interval: `${low.toFixed(2)}–${high.toFixed(2)}`,
        verdict,
      }));
  }

  it('are those of the result beside them', () => {
    const found = pages().flatMap((page) => [...claims(page)].map((claim) => ({ page, ...claim })));
    for (const { page, file, text, ratio, interval } of found) {
      const same = measured(file).filter((cell) => cell.interval === interval);
      const fits = (cell) => {
        if (ratio !== undefined) return cell.ratio === ratio;
        return !text.startsWith('no difference') || cell.verdict === 'no difference';
      };
      assert.ok(same.some(fits), `${page}: ${text} is not in ${file}`);
    }
    const on = (name) => found.filter(({ page }) => page === name).length;
    assert.ok(on('docs/ecosystem.md') >= 10 && on('docs/benchmarks.md') >= 3);
  });
});
