// What a release consists of.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { BINARY } from './server.mjs';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

// Bar 106: a release is the binary, what it is made of, and the checksums of both.
test('a release has a binary that runs, an SBOM that names what is in it, and checksums that hold', async (t) => {
  const target = await mkdtemp(join(tmpdir(), 'lyceum-release-'));
  t.after(() => rm(target, { recursive: true, force: true }));
  await run(join(root, 'packaging/release'), [BINARY], { env: { ...process.env, CARGO_TARGET_DIR: target } });
  const dist = join(target, 'dist');
  assert.deepEqual((await readdir(dist)).sort(), ['SHA256SUMS', 'lyceum', 'lyceum.cdx.json']);

  const sums = (await readFile(join(dist, 'SHA256SUMS'), 'utf8')).trimEnd().split('\n');
  assert.equal(sums.length, 2);
  for (const line of sums) {
    const [sum, name] = line.split(/ +/);
    assert.equal(sum, createHash('sha256').update(await readFile(join(dist, name))).digest('hex'), name);
  }

  const { stdout } = await run(join(dist, 'lyceum'), ['--version']);
  const sbom = JSON.parse(await readFile(join(dist, 'lyceum.cdx.json'), 'utf8'));
  assert.equal(sbom.bomFormat, 'CycloneDX');
  assert.ok(stdout.includes(sbom.metadata.component.version), `${stdout} is not ${sbom.metadata.component.version}`);
  const lock = await readFile(join(root, 'Cargo.lock'), 'utf8');
  for (const name of ['async-graphql', 'axum', 'bcrypt', 'jsonwebtoken', 'lettre', 'sea-orm', 'tokio']) {
    const [, version, checksum] = lock.match(`name = "${name}"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(.+)"`);
    const found = sbom.components.filter((component) => component.purl === `pkg:cargo/${name}@${version}`);
    assert.equal(found.length, 1, name);
    assert.equal(found[0].hashes[0].content, checksum, name);
    assert.ok(found[0].licenses[0].expression, name);
  }
  assert.ok(!sbom.components.some(({ name }) => name === 'criterion'), 'what only tests use is not in the binary');
});
