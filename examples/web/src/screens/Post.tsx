import { useSuspenseQuery } from '@apollo/client/react';
import { Link, useParams } from 'react-router';
import { Comments } from '../comments';
import { graphql } from '../gql';
import { Nowhere } from '../layout';
import { useMe } from '../me';
import { Byline, Screen } from '../screen';

const POST = graphql(`
  query Post($id: ID!) {
    post(id: $id) {
      ...PostCard
    }
  }
`);

export function Post() {
  const { id = '' } = useParams();
  const me = useMe();
  const { post } = useSuspenseQuery(POST, { variables: { id } }).data;

  if (!post) return <Nowhere />;
  const mayEdit = me && (me.id === post.author?.id || me.role !== 'USER');
  return (
    <Screen title={post.title}>
      <Byline author={post.author} at={post.publishedAt ?? post.createdAt} />
      {post.status === 'DRAFT' && <p className="note">A draft: nobody else sees it until you publish it.</p>}
      <p className="text" dir="auto">{post.body}</p>
      {mayEdit && <p><Link className="button quiet" to="edit">Edit</Link></p>}
      <Comments of={post} />
    </Screen>
  );
}
