// A copy of the sources that defects are put into: the checkout itself is never edited.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import paths from './paths.cjs';

/** Returns the folder, which the caller removes. */
export function copySources(names) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'iocp-net-mutations-'));
  for (const name of names) {
    fs.cpSync(path.join(paths.root, name), path.join(folder, name), { recursive: true });
  }
  return folder;
}

/** Runs `body` with the edits made; a copy that is edited twice is put back in between. */
export function withEdits(folder, edits, body) {
  const originals = edits.map(({ file }) => fs.readFileSync(path.join(folder, file), 'utf8'));
  edits.forEach(({ file, find, replace }, index) => {
    if (originals[index].split(find).length !== 2) throw new Error(`${file} does not have once: ${find}`);
    fs.writeFileSync(
      path.join(folder, file),
      originals[index].replace(find, () => replace),
    );
  });
  try {
    return body();
  } finally {
    edits.forEach(({ file }, index) => {
      fs.writeFileSync(path.join(folder, file), originals[index]);
    });
  }
}
