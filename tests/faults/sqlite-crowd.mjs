// Bar 91: 200 people write and read on SQLite at once: nobody hears of a lock, nothing fails, what was acknowledged is
// there, and the file is sound. Before they ask they pause for so many milliseconds on average; 0 is each as fast as
// it is answered, where the times are those of the queue.
//
//   node tests/faults/sqlite-crowd.mjs [seconds] [pause]

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, command, counted, folder, percentile, person, start } from './lyceum.mjs';

const SECONDS = Number(process.argv[2] ?? 60);
const PAUSE = Number(process.argv[3] ?? 0);
const WRITERS = 100;
const READERS = 100;
const POST = `mutation ($title: String!) {
  createPost(input: {title: $title, body: "B", status: PUBLISHED}) { post { id } userErrors { code } }
}`;
const COMMENT = `mutation ($post: ID!) {
  createComment(input: {postId: $post, body: "C"}) { comment { id } userErrors { code } }
}`;
const UPDATE = 'mutation ($id: ID!, $title: String!) { updatePost(input: {id: $id, title: $title}) { post { id } } }';
const READS = [
  '{ posts(first: 10) { nodes { id title author { username } comments(first: 3) { totalCount nodes { body } } } } }',
  '{ me { username email posts(first: 5) { totalCount nodes { title } } } }',
  '{ comments(first: 10) { nodes { body post { title } author { username } } } }',
];
const HELD = 'query ($after: String) { comments(first: 100, after: $after) { totalCount nodes { id } pageInfo { endCursor hasNextPage } } }';

const data = folder('crowd');
const copy = folder('copy');
let server;
try {
  server = await start(data.path, { BCRYPT_COST: '4', CONNECTIONS_PER_IP: '1000' });
  const tokens = [];
  for (let n = 0; n < 20; n += 1) tokens.push(await person(server, `person_${n}`));
  const writes = [];
  const reads = [];
  const posts = new Set();
  const comments = new Set();
  const until = performance.now() + SECONDS * 1000;
  const ask = async (list, ...words) => {
    if (PAUSE) await sleep(2 * PAUSE * Math.random());
    const answer = await server.graphql(...words).catch((error) => ({ code: `no answer (${error.cause?.code ?? error})`, took: 0 }));
    list.push(answer);
    return answer.data;
  };
  const writer = async (number) => {
    const token = tokens[number % tokens.length];
    while (performance.now() < until) {
      const made = await ask(writes, POST, { title: `By ${number}` }, token);
      const post = made?.createPost?.post?.id;
      if (!post) continue;
      posts.add(post);
      await ask(writes, UPDATE, { id: post, title: 'Changed' }, token);
      const said = await ask(writes, COMMENT, { post }, token);
      if (said?.createComment?.comment) comments.add(said.createComment.comment.id);
    }
  };
  const reader = async (number) => {
    for (let n = number; performance.now() < until; n += 1) await ask(reads, READS[n % READS.length], {}, tokens[n % tokens.length]);
  };
  const all = [...Array.from({ length: WRITERS }, (_, number) => writer(number)), ...Array.from({ length: READERS }, (_, number) => reader(number))];
  await Promise.all(all);

  const ms = (list, share) => `${percentile(list.map(({ took }) => took), share).toFixed(0)} ms`;
  for (const [name, list] of [['writes', writes], ['reads', reads]]) {
    console.log(`${name}: ${counted(list.map(({ code }) => code))}; p50 ${ms(list, 0.5)}, p99 ${ms(list, 0.99)}`);
  }
  check('every request was answered as it should be', [...writes, ...reads].every(({ code }) => code === 'ok'));
  check('nobody heard of a lock, nor did the log', !/locked|busy/i.test(server.output()));
  const held = new Set();
  let page = { endCursor: null, hasNextPage: true };
  while (page.hasNextPage) {
    const { data: found } = await server.graphql(HELD, { after: page.endCursor }, tokens[0]);
    for (const { id } of found.comments.nodes) held.add(id);
    page = found.comments.pageInfo;
  }
  const { data: found } = await server.graphql('{ posts(first: 1) { totalCount } }', {}, tokens[0]);
  check(
    `the ${posts.size} posts and ${comments.size} comments that were acknowledged are there, and no others`,
    found.posts.totalCount === posts.size && held.size === comments.size && [...comments].every((id) => held.has(id)),
  );
  check('the process is the same, and it ends with 0', server.running() && (await server.stop()) === 0);
  // A backup is checked (`PRAGMA integrity_check`, `foreign_key_check`) before it says so.
  check('the file is sound', command(data.path, 'backup', join(copy.path, 'copy.db')).includes('whole and checked'));
} finally {
  if (server?.running()) await server.stop();
  data.remove();
  copy.remove();
}
