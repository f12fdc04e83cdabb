// Compresses what Vite has built, and writes beside it `files.rs`, the table that the server is compiled with, and
// `SOURCES`, from which tests/it/playground.rs knows whether the build is that of the sources.
// The compressor is a pinned package: Node's own has other bytes in other versions of Node.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'fflate';

const root = import.meta.dirname;
const dist = join(root, 'dist');
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.ttf': 'font/ttf',
  '.txt': 'text/plain; charset=utf-8',
};
const OWN = ['index.html', 'licences.js', 'pack.mjs', 'package-lock.json', 'package.json', 'vite.config.js'];

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The files under a folder, by their paths in it, in the order of their bytes. */
function files(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const path = ({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1).replaceAll('\\', '/');
  return entries.filter((entry) => entry.isFile()).map(path).sort();
}

const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, '_');

function pack(file) {
  const type = TYPES[extname(file)];
  if (!type) throw new Error(`${file}: what type is that?`);
  const bytes = readFileSync(join(dist, file));
  writeFileSync(join(dist, `${file}.gz`), gzipSync(bytes, { level: 9, mtime: 0 }));
  rmSync(join(dist, file));
  return `    File {
        path: "/playground${file === 'index.html' ? '' : `/${file}`}",
        content_type: "${type}",
        tag: "W/\\"${sha256(bytes).slice(0, 16)}\\"",
        size: ${grouped(bytes.length)},
        gzip: include_bytes!("${file}.gz"),
    },\n`;
}

const table = files(dist).map(pack).join('');
writeFileSync(join(dist, 'files.rs'), `// Written by pack.mjs.\n&[\n${table}]\n`);

const within = (folder) => files(join(root, folder)).map((file) => `${folder}/${file}`);
const sources = [...OWN, ...within('operations').filter((file) => file !== 'operations/README.md'), ...within('src')];
const sums = sources.map((file) => `${sha256(readFileSync(join(root, file)))}  ${file}\n`);
writeFileSync(join(dist, 'SOURCES'), sums.join(''));
