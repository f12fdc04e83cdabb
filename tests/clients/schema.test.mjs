// What clients rely on stays: a commit that breaks the schema says so, by a line `Breaking-Schema-Change: …` in its
// message.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const root = join(import.meta.dirname, '../..');
const FILE = 'schema.graphql';
const ANNOUNCED = /^Breaking-Schema-Change: \S/m;

/** What git prints; undefined where there is no such thing: no repository, or the end of a shallow clone. */
function git(...args) {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

async function breaking(before, after) {
  const changes = await diff(buildSchema(before), buildSchema(after));
  return changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking).map(({ message }) => message);
}

test('the last change of the schema breaks no client, or its commit says that it does', async (t) => {
  const [commit, message] = git('log', '-1', '--format=%H%n%B', '--', FILE)?.split(/\n([^]*)/) ?? [];
  const before = commit && git('show', `${commit}^:${FILE}`);
  if (before === undefined) return t.skip('no earlier schema in this clone');
  const found = await breaking(before, git('show', `${commit}:${FILE}`));
  if (!ANNOUNCED.test(message)) assert.deepEqual(found, []);
});

test('what is not committed yet is compared too', async (t) => {
  const before = git('show', `HEAD:${FILE}`);
  if (before === undefined) return t.skip('no earlier schema in this clone');
  const found = await breaking(before, readFileSync(join(root, FILE), 'utf8'));
  for (const message of found) t.diagnostic(`the commit will have to announce: ${message}`);
});

test('a break is told from what clients do not feel', async () => {
  const schema = (fields, argument) => `type Query { ${fields} b(c: Int${argument}): Int }`;
  assert.deepEqual(await breaking(schema('a: Int', ''), schema('a: Int! new: Int', '')), []);
  assert.equal((await breaking(schema('a: Int!', ''), schema('a: Int', ''))).length, 1);
  assert.equal((await breaking(schema('a: Int', ''), schema('', ''))).length, 1);
  assert.equal((await breaking(schema('a: Int', ''), schema('a: Int', '!'))).length, 1);
  assert.match('graphql: Take a field away\n\nBreaking-Schema-Change: Query.a\n', ANNOUNCED);
  assert.doesNotMatch('graphql: Think of a Breaking-Schema-Change: no\n', ANNOUNCED);
});
