import { useSuspenseQuery } from '@apollo/client/react';
import { startTransition } from 'react';
import { Link, useSearchParams } from 'react-router';
import { Action } from '../form';
import { graphql } from '../gql';
import type { PostCardFragment } from '../gql/graphql';
import { useMe } from '../me';
import { Byline, Screen } from '../screen';

const POSTS = graphql(`
  query Posts($filter: PostFilter, $after: String) {
    posts(first: 10, after: $after, filter: $filter) {
      edges {
        node {
          ...PostCard
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

graphql(`
  fragment PostCard on Post {
    id
    title
    body
    status
    createdAt
    publishedAt
    author {
      ...Author
    }
  }
`);

export function Posts() {
  const me = useMe();
  const [params, setParams] = useSearchParams();
  const search = params.get('search') || undefined;
  const mine = params.has('mine');
  const filter = { search, authorId: mine ? me?.id : undefined };
  const { data, fetchMore } = useSuspenseQuery(POSTS, { variables: { filter } });
  const { edges, pageInfo } = data.posts ?? { edges: [], pageInfo: { endCursor: null, hasNextPage: false } };

  return (
    <Screen title="Posts">
      <search className="bar">
        <input
          type="search"
          aria-label="Search the posts"
          placeholder="Search"
          defaultValue={search}
          onChange={({ target }) => {
            // The posts of before stay until the new ones are here.
            startTransition(() => setParams({ ...(mine && { mine: '' }), ...(target.value && { search: target.value }) }, { replace: true }));
          }}
        />
        {me && <Link to={mine ? '/' : '/?mine'} className="button quiet">{mine ? 'Everybody’s posts' : 'My posts'}</Link>}
      </search>
      {edges.length === 0 && <p className="empty">{search ? 'No post has these words.' : 'Nothing has been written yet.'}</p>}
      {edges.map(({ node }) => <PostCard key={node.id} post={node} />)}
      {pageInfo.hasNextPage && (
        <Action className="quiet more" act={() => fetchMore({ variables: { after: pageInfo.endCursor } })}>More posts</Action>
      )}
    </Screen>
  );
}

export function PostCard({ post }: { post: PostCardFragment }) {
  return (
    <article className="card">
      <h2 dir="auto"><Link to={`/posts/${post.id}`}>{post.title}</Link> {post.status === 'DRAFT' && <span className="badge">Draft</span>}</h2>
      <p className="beginning" dir="auto">{post.body}</p>
      <Byline author={post.author} at={post.publishedAt ?? post.createdAt} />
    </article>
  );
}
