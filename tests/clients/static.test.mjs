// What needs no server: types generated from the schema that TypeScript takes at its strictest, and lint.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { gqlPluckFromCodeString } from '@graphql-tools/graphql-tag-pluck';

const here = import.meta.dirname;
const typed = join(here, 'typed');

/** Runs a tool of node_modules, and fails with what it printed. */
async function tool(name, args, cwd) {
  try {
    await promisify(execFile)(join(here, 'node_modules/.bin', name), args, { cwd });
  } catch ({ code, stdout, stderr }) {
    assert.fail(`${name} ended with ${code}:\n${stdout}${stderr}`);
  }
}

test('types', async (t) => {
  await t.test('graphql-codegen, client preset, with strict scalars', () =>
    tool('graphql-codegen', ['--config', 'typed/codegen.yml'], here));
  await t.test('gql.tada generates its types', () => tool('gql.tada', ['generate', 'output', '-c', 'tsconfig.json'], typed));
  await t.test('gql.tada finds nothing wrong', () => tool('gql.tada', ['check', '-c', 'tsconfig.json'], typed));
  await t.test('tsc --strict finds nothing wrong, and each error that it must find', () =>
    tool('tsc', ['--strict', '-p', 'tsconfig.json'], typed));
});

test('@graphql-eslint finds nothing in the schema and in the operations', async () => {
  await takeOut(join(here, '../../examples/web/src'), join(here, '__generated__/web'));
  const files = ['schema.graphql', 'playground/operations', 'tests/clients/typed', 'tests/clients/__generated__/web'];
  return tool('eslint', ['--config', 'tests/clients/eslint.config.mjs', '--max-warnings=0', ...files], join(here, '../..'));
});

/** The documents in the code of a folder, each file's in one of its own. */
async function takeOut(from, to) {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  const names = (await readdir(from, { recursive: true })).filter((name) => /\.tsx?$/.test(name) && !name.startsWith('gql'));
  let taken = 0;
  for (const name of names) {
    const found = await gqlPluckFromCodeString(name, await readFile(join(from, name), 'utf8'), { skipIndent: true });
    if (found.length === 0) continue;
    taken += found.length;
    await writeFile(join(to, `${name.replace('/', '-')}.graphql`), found.map(({ body }) => body).join('\n'));
  }
  assert.ok(taken > 10, `${taken} documents`);
}
