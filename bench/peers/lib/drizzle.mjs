// drizzle-orm over better-sqlite3, as its documentation shows.
import { asc, eq, getTableColumns, gt, inArray, lte, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { openFile } from './file.mjs'

const users = sqliteTable('users', {
  id: integer('id').primaryKey(),
  username: text('username').notNull(),
  email: text('email').notNull(),
  role: text('role').notNull(),
  passwordHash: text('password_hash').notNull(),
  createdAt: text('created_at').notNull()
})

const posts = sqliteTable('posts', {
  id: integer('id').primaryKey(),
  authorId: integer('author_id').notNull(),
  title: text('title').notNull(),
  body: text('body').notNull(),
  published: integer('published', { mode: 'boolean' }).notNull(),
  createdAt: text('created_at').notNull()
})

const comments = sqliteTable('comments', {
  id: integer('id').primaryKey(),
  postId: integer('post_id').notNull(),
  authorId: integer('author_id').notNull(),
  body: text('body').notNull(),
  createdAt: text('created_at').notNull()
})

export function open() {
  const db = drizzle(openFile())
  const after = sql.placeholder('after')
  const count = sql.placeholder('count')
  const userByName = db.select().from(users).where(eq(users.username, sql.placeholder('name'))).prepare()
  const postsPage = db.select().from(posts).where(gt(posts.id, after)).orderBy(asc(posts.id)).limit(count).prepare()
  const usersPage = db.select().from(users).where(gt(users.id, after)).orderBy(asc(users.id)).limit(count).prepare()
  const number = sql`row_number() over (partition by ${comments.postId} order by ${comments.id})`
  const now = () => new Date().toISOString()
  return {
    usersByIds: ids => db.select().from(users).where(inArray(users.id, ids)).all(),
    commentsByPosts: (ids, most) => {
      const numbered = db
        .select({ ...getTableColumns(comments), number: number.as('number') })
        .from(comments)
        .where(inArray(comments.postId, ids))
        .as('numbered')
      const few = db.select().from(numbered).where(lte(numbered.number, most))
      return few.orderBy(asc(numbered.postId), asc(numbered.id)).all()
    },
    postsPage: (position, rows) => postsPage.all({ after: position, count: rows }),
    usersPage: (position, rows) => usersPage.all({ after: position, count: rows }),
    userByName: name => userByName.get({ name }),
    insertComment: (authorId, postId, body) =>
      db.insert(comments).values({ authorId, postId, body, createdAt: now() }).returning().get(),
    insertPost: (authorId, title, body) =>
      db.insert(posts).values({ authorId, title, body, published: true, createdAt: now() }).returning().get()
  }
}
