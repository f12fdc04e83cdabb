import { useMutation, useSuspenseQuery, skipToken } from '@apollo/client/react';
import { useNavigate, useParams } from 'react-router';
import { Action, Field, Form, TextArea } from '../form';
import { graphql } from '../gql';
import { Nowhere } from '../layout';
import { Screen } from '../screen';

const POST_TO_EDIT = graphql(`
  query PostToEdit($id: ID!) {
    post(id: $id) {
      ...PostCard
    }
  }
`);

const CREATE_POST = graphql(`
  mutation CreatePost($input: CreatePostInput!) {
    createPost(input: $input) {
      post {
        ...PostCard
      }
      userErrors {
        message
        field
      }
    }
  }
`);

const UPDATE_POST = graphql(`
  mutation UpdatePost($input: UpdatePostInput!) {
    updatePost(input: $input) {
      post {
        ...PostCard
      }
      userErrors {
        message
        field
      }
    }
  }
`);

const DELETE_POST = graphql(`
  mutation DeletePost($id: ID!) {
    deletePost(input: { id: $id }) {
      deletedPostId
    }
  }
`);

/** A new post, or one to edit. */
export function Write() {
  const { id } = useParams();
  const { data } = useSuspenseQuery(POST_TO_EDIT, id ? { variables: { id } } : skipToken);
  const [create, { client }] = useMutation(CREATE_POST);
  const [update] = useMutation(UPDATE_POST);
  const [remove] = useMutation(DELETE_POST);
  const navigate = useNavigate();

  /** Every list that may have this post is asked anew when it is shown next. */
  const forgetLists = () => client.cache.evict({ id: 'ROOT_QUERY', fieldName: 'posts' });

  async function save(title: string, body: string, publish: boolean) {
    const change = { title, body, status: publish ? 'PUBLISHED' : 'DRAFT' } as const;
    const payload = id
      ? (await update({ variables: { input: { id, ...change } } })).data?.updatePost
      : (await create({ variables: { input: change } })).data?.createPost;
    if (payload?.post) {
      forgetLists();
      await navigate(`/posts/${payload.post.id}`);
    }
    return payload?.userErrors;
  }

  async function removeForGood(id: string) {
    if (!confirm('Delete this post and the comments under it?')) return;
    await remove({ variables: { id } });
    forgetLists();
    await navigate('/');
  }

  const post = data?.post;
  if (id && !post) return <Nowhere />;
  return (
    <Screen title={post ? 'Edit the post' : 'Write a post'}>
      <div className="card">
        {/* Each button brings a status of its own. */}
        <Form fields={['title', 'body', 'status']} submit={({ title, body, status }) => save(title, body, status === 'PUBLISHED')}>
          <Field name="title" label="Title" defaultValue={post?.title} />
          <TextArea name="body" label="Text" rows={12} defaultValue={post?.body} />
          <div className="buttons">
            <button name="status" value="PUBLISHED">{post?.status === 'PUBLISHED' ? 'Save' : 'Publish'}</button>
            <button name="status" value="DRAFT" className="quiet">{post?.status === 'PUBLISHED' ? 'Make it a draft' : 'Save as draft'}</button>
            {id && <Action className="quiet danger" act={() => removeForGood(id)}>Delete</Action>}
          </div>
        </Form>
      </div>
    </Screen>
  );
}
