// What the tarballs have instead of the checkout's own: a manifest for users, and links that lead somewhere.
import path from 'node:path';

/** The address of the repository, as the release workflow knows it. */
export function repository() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  return server && name ? `${server}/${name}` : undefined;
}

/** The manifest's fields that name the repository; none where nobody knows it. */
export function repositoryFields(address = repository()) {
  if (address === undefined) return {};
  return {
    repository: { type: 'git', url: `git+${address}.git` },
    homepage: `${address}#readme`,
    bugs: { url: `${address}/issues` },
  };
}

/** Package managers ask for consent before they run a script of a dependency, prepare among them. */
export function publishedManifest(text) {
  const { scripts: _scripts, devDependencies: _development, ...published } = JSON.parse(text);
  return `${JSON.stringify({ ...published, ...repositoryFields() }, null, 2)}\n`;
}

const ALWAYS = ['package.json', 'README.md', 'LICENSE'];

/** Whether npm packs this file or folder of the checkout: a file of `files`, or one below it. */
function isPublished(name, files) {
  const covers = (entry) =>
    new RegExp(`^${entry.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*')}(/|$)`).test(name);
  const kept = [...ALWAYS, ...files.filter((entry) => !entry.startsWith('!'))];
  return kept.some(covers) && !files.some((entry) => entry.startsWith('!') && covers(entry.slice(1)));
}

const LINK = /(!?)\[((?:[^\]\\]|\\.)*)\]\((?![a-z]+:|#)([^)\s]+)\)/g;

/**
 * A page with the links that its readers can follow. The README is also shown on npm's page, alone: all of its links name
 * the repository. On other pages those that lead out of the tarball do. Where nobody knows the repository, their text stays.
 */
export function publishedPage(page, text, { files, address = repository() }) {
  const absolute = page === 'README.md' && address !== undefined;
  return text.replace(LINK, (whole, image, label, link) => {
    const [name, anchor] = link.split('#');
    const target = path.posix.join(path.posix.dirname(page), name);
    if (!absolute && isPublished(target, files)) return whole;
    if (address === undefined) return image ? '' : label;
    const place = `${address}/${image ? 'raw' : 'blob'}/HEAD/${target}${anchor ? `#${anchor}` : ''}`;
    return `${image}[${label}](${place})`;
  });
}

/** The relative links of a page that lead to nothing, by `exists(path from the root)`. */
export function deadLinks(page, text, exists) {
  return [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(LINK)]
    .map(([, , , link]) => link)
    .filter((link) => !exists(path.posix.join(path.posix.dirname(page), link.split('#')[0])));
}
