// Three ways to the rows. DB=sqlite: better-sqlite3 with prepared statements; drizzle: drizzle-orm over it; postgres:
// node-postgres with named statements.
const forms = { sqlite: './sqlite.mjs', drizzle: './drizzle.mjs', postgres: './postgres.mjs' }

export const db = await (await import(forms[process.env.DB])).open()
