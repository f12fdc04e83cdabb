// A picture by a real client: urql sends a request of several parts by itself as soon as a variable holds a file.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Client, fetchExchange, gql } from '@urql/core';
import { joined, OPEN } from './accounts.mjs';
import { start } from './server.mjs';

const UPLOAD = gql`
  mutation Upload($input: UploadAvatarInput!) {
    uploadAvatar(input: $input) { user { id avatarUrl(size: LARGE) } userErrors { code message field } }
  }
`;

/** A PNG of one white pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==',
  'base64',
);

test('urql uploads a picture, which anybody can look at', async (t) => {
  const server = await start(OPEN);
  t.after(() => server.stop());
  const { accessToken } = await joined(server, 'ada');
  const client = new Client({
    url: `${server.url}/graphql`,
    exchanges: [fetchExchange],
    fetchOptions: { headers: { authorization: `Bearer ${accessToken}`, 'graphql-require-preflight': '1' } },
  });
  const upload = (bytes) =>
    client.mutation(UPLOAD, { input: { file: new File([bytes], 'me.png', { type: 'image/png' }) } }).toPromise();

  const { data, error } = await upload(PNG);
  assert.equal(error, undefined);
  assert.deepEqual(data.uploadAvatar.userErrors, []);
  const shown = await fetch(data.uploadAvatar.user.avatarUrl);
  assert.deepEqual([shown.status, shown.headers.get('content-type')], [200, 'image/webp']);
  assert.equal(Buffer.from(await shown.arrayBuffer()).toString('latin1', 8, 16), 'WEBPVP8L');

  const refused = await upload('<svg onload="alert(1)"/>');
  assert.deepEqual(refused.data.uploadAvatar.userErrors[0].field, ['file']);
  assert.equal(refused.data.uploadAvatar.user, null);
});

test('the refusal of a large file is heard, and not taken for a network that failed', async (t) => {
  const server = await start(OPEN);
  t.after(() => server.stop());
  const large = new File([new Uint8Array(5 * 1024 * 1024)], 'me.png', { type: 'image/png' });
  for (const [headers, status] of [
    [{}, 403],
    [{ 'graphql-require-preflight': '1' }, 413],
  ]) {
    const form = new FormData();
    form.set('operations', JSON.stringify({ query: UPLOAD.loc.source.body, variables: { input: { file: null } } }));
    form.set('map', '{"0":["variables.input.file"]}');
    form.set('0', large);
    const answer = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: form });
    assert.equal(answer.status, status, await answer.text());
  }
});
