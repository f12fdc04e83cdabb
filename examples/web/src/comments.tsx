// The comments under a post. Everybody's new ones come over the socket, as they are written.

import { useMutation, useSubscription, useSuspenseQuery } from '@apollo/client/react';
import { Link } from 'react-router';
import { Action, Form, TextArea } from './form';
import { graphql } from './gql';
import type { CommentCardFragment, PostCardFragment } from './gql/graphql';
import { useMe } from './me';
import { Byline } from './screen';

graphql(`
  fragment CommentCard on Comment {
    id
    body
    createdAt
    author {
      ...Author
    }
  }
`);

const COMMENTS = graphql(`
  query Comments($post: ID!, $after: String) {
    post(id: $post) {
      id
      comments(first: 10, after: $after, orderBy: { direction: DESC }) {
        edges {
          node {
            ...CommentCard
          }
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
`);

const COMMENT_ADDED = graphql(`
  subscription CommentAdded($post: ID!) {
    commentAdded(postId: $post) {
      ...CommentCard
    }
  }
`);

const COMMENT = graphql(`
  mutation CreateComment($postId: ID!, $body: String!) {
    createComment(input: { postId: $postId, body: $body }) {
      comment {
        ...CommentCard
      }
      userErrors {
        message
        field
      }
    }
  }
`);

const DELETE_COMMENT = graphql(`
  mutation DeleteComment($id: ID!) {
    deleteComment(input: { id: $id }) {
      deletedCommentId
    }
  }
`);

export function Comments({ of }: { of: PostCardFragment }) {
  const me = useMe();
  const variables = { post: of.id };
  const { data, fetchMore, client } = useSuspenseQuery(COMMENTS, { variables });
  const [comment] = useMutation(COMMENT);
  const [remove] = useMutation(DELETE_COMMENT);
  const { edges, pageInfo } = data.post?.comments ?? { edges: [], pageInfo: { endCursor: null, hasNextPage: false } };

  /** On top, once: one's own comes with the answer and over the socket. */
  function add(node: CommentCardFragment) {
    client.cache.updateQuery({ query: COMMENTS, variables }, (data) => {
      const { post } = data ?? {};
      if (!post?.comments || post.comments.edges.some((edge) => edge.node.id === node.id)) return;
      const edges = [{ __typename: 'CommentEdge' as const, node }, ...post.comments.edges];
      return { post: { ...post, comments: { ...post.comments, edges } } };
    });
  }

  useSubscription(COMMENT_ADDED, {
    variables,
    onData: ({ data: { data } }) => data && add(data.commentAdded),
  });

  return (
    <section aria-labelledby="comments">
      <h2 id="comments">Comments</h2>
      {me ? (
        <Form
          fields={['body']}
          clear
          submit={async ({ body }) => {
            const { data } = await comment({ variables: { postId: of.id, body } });
            if (data?.createComment?.comment) add(data.createComment.comment);
            return data?.createComment?.userErrors;
          }}
        >
          <TextArea name="body" label="Your comment" rows={3} />
          <button>Comment</button>
        </Form>
      ) : (
        <p><Link to="/login" state={{ from: `/posts/${of.id}` }}>Log in</Link> to comment.</p>
      )}
      <ol className="comments" aria-live="polite">
        {edges.map(({ node }) => (
          <li key={node.id}>
            <Byline author={node.author} at={node.createdAt} />
            <p className="text" dir="auto">{node.body}</p>
            {me && (me.role !== 'USER' || me.id === node.author?.id || me.id === of.author?.id) && (
              <Action
                className="link"
                act={() => remove({ variables: { id: node.id }, update: (cache) => cache.evict({ id: cache.identify(node) }) })}
              >
                Delete
              </Action>
            )}
          </li>
        ))}
      </ol>
      {edges.length === 0 && <p className="empty">Nobody has said anything yet.</p>}
      {pageInfo.hasNextPage && (
        <Action className="quiet more" act={() => fetchMore({ variables: { after: pageInfo.endCursor } })}>Older comments</Action>
      )}
    </section>
  );
}
