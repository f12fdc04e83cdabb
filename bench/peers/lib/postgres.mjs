// node-postgres with named statements, which the server prepares once.
import pg from 'pg'

const USER = 'id, username, email, role, password_hash AS "passwordHash", created_at AS "createdAt"'
const POST = 'id, author_id AS "authorId", title, body, published, created_at AS "createdAt"'
const COMMENT = 'id, post_id AS "postId", author_id AS "authorId", body, created_at AS "createdAt"'

const statements = {
  users: `SELECT ${USER} FROM users WHERE id = ANY($1)`,
  comments: `SELECT c.* FROM unnest($1::int[]) p (post)
    CROSS JOIN LATERAL (SELECT ${COMMENT} FROM comments WHERE post_id = p.post ORDER BY id LIMIT $2) c`,
  postsPage: `SELECT ${POST} FROM posts WHERE id > $1 ORDER BY id LIMIT $2`,
  usersPage: `SELECT ${USER} FROM users WHERE id > $1 ORDER BY id LIMIT $2`,
  userByName: `SELECT ${USER} FROM users WHERE username = $1`,
  addComment: `INSERT INTO comments (post_id, author_id, body) VALUES ($1, $2, $3) RETURNING ${COMMENT}`,
  addPost: `INSERT INTO posts (author_id, title, body, published) VALUES ($1, $2, $3, true) RETURNING ${POST}`
}

export function open() {
  const pool = new pg.Pool({ connectionString: process.env.POSTGRES, max: 10 })
  const rows = async (name, ...values) => (await pool.query({ name, text: statements[name], values })).rows
  return {
    usersByIds: ids => rows('users', ids),
    commentsByPosts: (ids, count) => rows('comments', ids, count),
    postsPage: (after, count) => rows('postsPage', after, count),
    usersPage: (after, count) => rows('usersPage', after, count),
    userByName: async name => (await rows('userByName', name))[0],
    insertComment: async (author, post, body) => (await rows('addComment', post, author, body))[0],
    insertPost: async (author, title, body) => (await rows('addPost', author, title, body))[0]
  }
}
