// The schema and the resolvers of Apollo and Mercurius: a loader for each relation, as their documentations show.
import DataLoader from 'dataloader'
import { checkPassword, sign } from './auth.mjs'

export const typeDefs = /* GraphQL */ `
  type Query {
    me: User
    user(id: ID!): User
    users(first: Int = 20, after: String): UserConnection!
    posts(first: Int = 20, after: String): PostConnection!
  }
  type Mutation {
    createPost(title: String!, body: String!): Post!
    createComment(postId: ID!, body: String!): Comment!
    login(username: String!, password: String!): AuthPayload!
  }
  type AuthPayload {
    token: String!
    user: User!
  }
  type User {
    id: ID!
    username: String!
    email: String
    role: String!
    createdAt: String!
  }
  type Post {
    id: ID!
    title: String!
    body: String!
    published: Boolean!
    createdAt: String!
    author: User!
    comments(first: Int = 10): CommentConnection!
  }
  type Comment {
    id: ID!
    body: String!
    createdAt: String!
    author: User!
  }
  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }
  type UserEdge {
    cursor: String!
    node: User!
  }
  type UserConnection {
    edges: [UserEdge!]!
    pageInfo: PageInfo!
  }
  type PostEdge {
    cursor: String!
    node: Post!
  }
  type PostConnection {
    edges: [PostEdge!]!
    pageInfo: PageInfo!
  }
  type CommentEdge {
    cursor: String!
    node: Comment!
  }
  type CommentConnection {
    edges: [CommentEdge!]!
    pageInfo: PageInfo!
  }
`

const encode = (type, id) => Buffer.from(`${type}:${id}`).toString('base64')

const decode = cursor => (cursor ? Number(Buffer.from(cursor, 'base64').toString().split(':')[1]) || 0 : 0)

// One row more than the page has tells that there are more.
function connection(type, rows, first) {
  const hasNextPage = rows.length > first
  if (hasNextPage) rows = rows.slice(0, first)
  const edges = rows.map(node => ({ cursor: encode(type, node.id), node }))
  return { edges, pageInfo: { hasNextPage, endCursor: edges.at(-1)?.cursor ?? null } }
}

function limit(first) {
  if (first < 0 || first > 100) throw new Error('first must be from 0 to 100')
  return first
}

export function makeContext(db, claims) {
  const comments = new Map()
  const users = new DataLoader(async ids => {
    const found = new Map((await db.usersByIds(ids)).map(user => [user.id, user]))
    return ids.map(id => found.get(id) ?? null)
  })
  const commentsOf = first => {
    if (!comments.has(first)) comments.set(first, commentLoader(db, first))
    return comments.get(first)
  }
  return { db, claims, users, commentsOf }
}

function commentLoader(db, first) {
  return new DataLoader(async ids => {
    const byPost = new Map(ids.map(id => [id, []]))
    for (const comment of await db.commentsByPosts(ids, first + 1)) byPost.get(comment.postId).push(comment)
    return ids.map(id => byPost.get(id))
  })
}

function signedIn(context) {
  if (!context.claims) throw new Error('not signed in')
  return Number(context.claims.sub)
}

const mayReadEmail = (user, claims) => claims && (claims.role === 'ADMIN' || claims.sub === String(user.id))

export const resolvers = {
  Query: {
    me: (_, __, context) => (context.claims ? context.users.load(Number(context.claims.sub)) : null),
    user: (_, { id }, context) => context.users.load(Number(id)),
    users: async (_, { first, after }, { db }) =>
      connection('user', await db.usersPage(decode(after), limit(first) + 1), first),
    posts: async (_, { first, after }, { db }) =>
      connection('post', await db.postsPage(decode(after), limit(first) + 1), first)
  },
  Mutation: {
    createPost: async (_, { title, body }, context) => context.db.insertPost(signedIn(context), title, body),
    createComment: async (_, { postId, body }, context) =>
      context.db.insertComment(signedIn(context), Number(postId), body),
    login: async (_, { username, password }, { db }) => {
      const user = await db.userByName(username)
      if (!user || !(await checkPassword(password, user.passwordHash))) throw new Error('wrong name or password')
      return { token: sign({ sub: String(user.id), role: user.role }), user }
    }
  },
  User: {
    email: (user, _, { claims }) => (mayReadEmail(user, claims) ? user.email : null)
  },
  Post: {
    author: (post, _, context) => context.users.load(post.authorId),
    comments: async (post, { first }, context) =>
      connection('comment', await context.commentsOf(limit(first)).load(post.id), first)
  },
  Comment: {
    author: (comment, _, context) => context.users.load(comment.authorId)
  }
}
