// What the components of a Relay front end ask for. relay-compiler reads this file; nothing runs it.

graphql`
  query FeedQuery($count: Int!) {
    ...Feed_query @arguments(count: $count)
  }
`;

graphql`
  fragment Feed_query on Query
  @refetchable(queryName: "FeedPaginationQuery")
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "String" }) {
    posts(first: $count, after: $cursor) @connection(key: "Feed_posts") {
      __id
      edges {
        node {
          id
          title
          author {
            username
          }
        }
      }
    }
  }
`;

graphql`
  query DiscussionQuery($id: ID!, $count: Int!) {
    node(id: $id) {
      ...Discussion_post @arguments(count: $count) @alias(as: "discussion")
    }
  }
`;

graphql`
  fragment Discussion_post on Post
  @refetchable(queryName: "DiscussionPaginationQuery")
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "String" }) {
    title
    updatedAt
    comments(first: $count, after: $cursor) @connection(key: "Discussion_comments") {
      __id
      edges {
        node {
          id
          body
          author {
            username
          }
        }
      }
    }
  }
`;

graphql`
  mutation WritePostMutation($input: CreatePostInput!, $connections: [ID!]!) {
    createPost(input: $input) {
      postEdge @prependEdge(connections: $connections) {
        cursor
        node {
          id
          title
          author {
            username
          }
        }
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

graphql`
  mutation RewritePostMutation($input: UpdatePostInput!) {
    updatePost(input: $input) {
      post {
        id
        title
        updatedAt
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

graphql`
  mutation RemovePostMutation($input: DeletePostInput!, $connections: [ID!]!) {
    deletePost(input: $input) {
      deletedPostId @deleteEdge(connections: $connections)
      userErrors {
        code
        message
      }
    }
  }
`;

graphql`
  mutation CommentMutation($input: CreateCommentInput!, $connections: [ID!]!) {
    createComment(input: $input) {
      commentEdge @appendEdge(connections: $connections) {
        cursor
        node {
          id
          body
          author {
            username
          }
        }
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

graphql`
  mutation RewriteCommentMutation($input: UpdateCommentInput!) {
    updateComment(input: $input) {
      comment {
        id
        body
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

graphql`
  mutation RemoveCommentMutation($input: DeleteCommentInput!) {
    deleteComment(input: $input) {
      deletedCommentId @deleteRecord
      userErrors {
        code
        message
      }
    }
  }
`;

graphql`
  subscription LiveCommentsSubscription($postId: ID!, $connections: [ID!]!) {
    commentAdded(postId: $postId) @appendNode(connections: $connections, edgeTypeName: "CommentEdge") {
      id
      body
      author {
        username
      }
    }
  }
`;
