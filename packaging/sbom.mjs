// What the binary is made of, as CycloneDX 1.6 in JSON: the crates that cargo compiles into it on this machine's platform,
// with their licences and the checksums of Cargo.lock, and the npm packages that the playground's build is made from. The
// same sources give the same bytes, so it has no date and no serial number. Needs cargo and Node, and no package.
//
//   node packaging/sbom.mjs > lyceum.cdx.json

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const read = (path) => readFileSync(join(root, path), 'utf8');
const cargo = (...words) =>
  execFileSync('cargo', words, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });

/** `name version` of each crate that is compiled in; neither for tests nor for build scripts. */
function compiled() {
  const lines = cargo('tree', '--locked', '--edges', 'normal', '--prefix', 'none', '--format', '{p}').split('\n');
  return new Set(lines.map((line) => line.match(/^(\S+) v(\S+)/)?.slice(1).join(' ')).filter(Boolean));
}

/** The checksum of each crate, by `name version`; our own have none. */
function checksums() {
  const entry = /^name = "(.+)"\nversion = "(.+)"\n(?:source = ".+"\nchecksum = "(.+)"\n)?/gm;
  return new Map([...read('Cargo.lock').matchAll(entry)].map(([, name, version, sum]) => [`${name} ${version}`, sum]));
}

// Cargo once let a slash stand for OR.
const licence = (text) => (text ? [{ expression: text.replaceAll(/\s*\/\s*/g, ' OR ') }] : undefined);
const byRef = (one, other) => (one['bom-ref'] < other['bom-ref'] ? -1 : 1);

function crates() {
  const { packages, resolve } = JSON.parse(cargo('metadata', '--locked', '--format-version', '1'));
  const wanted = compiled();
  const sums = checksums();
  const ours = packages.filter(({ name, version }) => wanted.has(`${name} ${version}`));
  const refs = new Map(ours.map(({ id, name, version }) => [id, `pkg:cargo/${name}@${version}`]));
  const components = ours.map(({ id, name, version, description, license, repository }) => {
    const sum = sums.get(`${name} ${version}`);
    return {
      type: 'library',
      'bom-ref': refs.get(id),
      name,
      version,
      description: description?.trim().replaceAll(/\s+/g, ' '),
      hashes: sum && [{ alg: 'SHA-256', content: sum }],
      licenses: licence(license),
      purl: refs.get(id),
      externalReferences: repository && [{ type: 'vcs', url: repository }],
    };
  });
  const dependencies = resolve.nodes.filter(({ id }) => refs.has(id)).map(({ id, deps }) => {
    const normal = deps.filter(({ pkg, dep_kinds: kinds }) => refs.has(pkg) && kinds.some(({ kind }) => kind === null));
    return { ref: refs.get(id), dependsOn: [...new Set(normal.map(({ pkg }) => refs.get(pkg)))].sort() };
  });
  return { components, dependencies };
}

function npm() {
  const { packages } = JSON.parse(read('playground/package-lock.json'));
  const found = new Map();
  for (const [path, { version, license, dev, integrity }] of Object.entries(packages)) {
    if (!path || dev) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const ref = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    const [, algorithm, sum] = integrity?.match(/^sha(\d+)-(.+)$/) ?? [];
    found.set(ref, {
      type: 'library',
      'bom-ref': ref,
      name,
      version,
      hashes: sum && [{ alg: `SHA-${algorithm === '1' ? 1 : algorithm}`, content: Buffer.from(sum, 'base64').toString('hex') }],
      licenses: licence(license),
      purl: ref,
    });
  }
  return [...found.values()];
}

const { components, dependencies } = crates();
const isApp = ({ name }) => name === 'lyceum';
const playground = npm();
const bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: { component: { ...components.find(isApp), type: 'application' } },
  components: [...components.filter((component) => !isApp(component)), ...playground].sort(byRef),
  dependencies: dependencies.sort((one, other) => (one.ref < other.ref ? -1 : 1)),
};
const unlicensed = bom.components.filter(({ licenses }) => !licenses).map(({ purl }) => purl);
if (unlicensed.length > 0) console.error(`without a licence in their manifest: ${unlicensed.join(', ')}`);
console.error(`${components.length - 1} crates, ${playground.length} npm packages`);
console.log(JSON.stringify(bom, null, 2));
