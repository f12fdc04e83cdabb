// Bar 95: the disk under SQLite fills up (a tmpfs of 16 MiB): writes are refused as SERVICE_UNAVAILABLE, reads go
// on, and when there is room again so do writes; the file is sound. Needs root, to mount.
//
//   node tests/faults/disk-full.mjs

import { statfsSync, truncateSync, writeFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { check, command, counted, folder, person, run, start } from './lyceum.mjs';

const CREATE = `mutation ($body: String!) {
  createPost(input: {title: "T", body: $body, status: PUBLISHED}) { post { id } userErrors { code } }
}`;
const READ = '{ posts(first: 5) { totalCount nodes { title author { username } } } me { username } }';

const disk = folder('disk');
const copy = folder('copy');
run('mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk.path);
let server;
try {
  server = await start(disk.path, { BCRYPT_COST: '4' });
  const token = await person(server, 'grace');
  const acknowledged = [];
  const write = async (size) => {
    const made = await server.graphql(CREATE, { body: 'x'.repeat(size) }, token);
    const id = made.data?.createPost?.post?.id;
    if (id) acknowledged.push(id);
    return id ? 'ok' : made.code;
  };
  for (let n = 0; n < 20; n += 1) await write(1000);

  const filling = join(disk.path, 'filling');
  const { bavail, bsize } = statfsSync(disk.path);
  writeFileSync(filling, Buffer.alloc(Math.max(0, (bavail - 8) * bsize)));
  const full = [];
  const reads = [];
  for (let n = 0; n < 60; n += 1) {
    full.push(await write(20_000));
    const read = await server.graphql(READ, {}, token);
    reads.push(read.code);
  }
  console.log(`full: writes ${counted(full)}; reads ${counted(reads)}`);
  check('writes are refused as SERVICE_UNAVAILABLE and as nothing else', full.includes('SERVICE_UNAVAILABLE') && full.every((code) => code === 'ok' || code === 'SERVICE_UNAVAILABLE'));
  check('reads go on', reads.every((code) => code === 'ok'));

  truncateSync(filling, 0);
  rmSync(filling);
  const after = [];
  for (let n = 0; n < 20; n += 1) after.push(await write(1000));
  console.log(`with room again: writes ${counted(after)}`);
  check('writes go on when there is room again', after.every((code) => code === 'ok'));
  const read = await server.graphql(READ, {}, token);
  check(`every one of the ${acknowledged.length} acknowledged posts is there, and no other`, read.data.posts.totalCount === acknowledged.length);
  check('the process is the same, and it ends with 0', server.running() && (await server.stop()) === 0);
  // A backup is checked (`PRAGMA integrity_check`, `foreign_key_check`) before it says so.
  check('the file is sound', command(disk.path, 'backup', join(copy.path, 'copy.db')).includes('whole and checked'));
} finally {
  if (server?.running()) await server.stop();
  run('umount', disk.path);
  disk.remove();
  copy.remove();
}
