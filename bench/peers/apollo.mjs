// Apollo Server on Express, as its documentation shows.
import { ApolloServer } from '@apollo/server'
import { expressMiddleware } from '@as-integrations/express5'
import express from 'express'
import { claimsOf } from './lib/auth.mjs'
import { PORT, serve } from './lib/cluster.mjs'

serve(async () => {
  const { db } = await import('./lib/db.mjs')
  const { makeContext, resolvers, typeDefs } = await import('./lib/schema.mjs')
  const server = new ApolloServer({ typeDefs, resolvers, csrfPrevention: true })
  await server.start()
  const context = async ({ req }) => makeContext(db, claimsOf(req.headers.authorization))
  const app = express()
  app.use('/graphql', express.json(), expressMiddleware(server, { context }))
  app.listen(PORT, '127.0.0.1')
})
