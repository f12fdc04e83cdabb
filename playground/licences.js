// The names, versions and licence texts of all packages that ended up in the page or in one of its workers.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

const TEXTS = /^(licen[cs]e|notice|copying|third-?party-?notices)/i;
const PREFACE = `What the playground is made of. Monaco's icons are the Codicons by Microsoft (CC BY 4.0,
https://github.com/microsoft/vscode-codicons).\n`;

const folders = new Set();

/** Goes into the build of the page and into that of its workers; `file` is written with the page. */
export const licences = (file) => ({
  name: 'licences',
  generateBundle(_, bundle) {
    for (const { modules = {} } of Object.values(bundle)) {
      for (const module of Object.keys(modules)) note(module);
    }
    if (file) this.emitFile({ type: 'asset', fileName: file, source: [PREFACE, ...packages()].join('\n') });
  },
});

function note(module) {
  const folder = /^.*[\\/]node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+/.exec(module)?.[0];
  if (folder && existsSync(join(folder, 'package.json'))) folders.add(folder);
}

function packages() {
  const name = (folder) => folder.slice(folder.lastIndexOf(`node_modules${sep}`));
  const sorted = [...folders].sort((a, b) => (name(a) + a < name(b) + b ? -1 : 1));
  return [...new Set(sorted.map(described))];
}

function described(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder).filter((file) => TEXTS.test(file)).sort();
  return [
    `${'='.repeat(100)}\n${name} ${version}: ${license}\n`,
    ...texts.map((file) => `${readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()}\n`),
  ].join('\n');
}
