// PostGraphile with its Amber preset and simplified names, on node:http.
import { createServer } from 'node:http'
import simplify from '@graphile/simplify-inflection'
import jwt from 'jsonwebtoken'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { SECRET } from './lib/auth.mjs'
import { PORT, serve } from './lib/cluster.mjs'

function settingsOf(header) {
  if (!header?.startsWith('Bearer ')) return {}
  try {
    const claims = jwt.verify(header.slice(7), SECRET, { algorithms: ['HS256'] })
    return { pgSettings: { 'jwt.claims.user_id': claims.sub } }
  } catch {
    return {}
  }
}

serve(async () => {
  const services = { connectionString: process.env.POSTGRES, schemas: ['public'], poolConfig: { max: 10 } }
  const served = postgraphile({
    extends: [PostGraphileAmberPreset, simplify.PgSimplifyInflectionPreset],
    pgServices: [makePgService(services)],
    gather: { pgJwtTypes: 'public.jwt_token' },
    schema: { pgJwtSecret: SECRET },
    grafserv: { graphiql: false, watch: false },
    grafast: { explain: false, context: request => settingsOf(request.node?.req.headers.authorization) }
  }).createServ(grafserv)
  const server = createServer()
  await served.addTo(server)
  server.listen(PORT, '127.0.0.1')
})
