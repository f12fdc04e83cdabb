// WORKERS=n runs n processes behind node:cluster, the usual way to use more cores than one.
import cluster from 'node:cluster'

export const PORT = Number(process.env.PORT)

export function serve(start) {
  const workers = Number(process.env.WORKERS ?? 1)
  if (workers > 1 && cluster.isPrimary) {
    for (let worker = 0; worker < workers; worker++) cluster.fork()
  } else {
    start()
  }
}
