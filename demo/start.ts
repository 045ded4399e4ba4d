import { startDemo } from './demo.js'
import { loadEnvironment } from './environment.js'
import { serveStatic } from './static.js'

try {
  const environment = loadEnvironment()
  const port = Number(environment['PORT'] ?? 4300)
  const keep = process.argv.includes('--keep') ? '.demo' : undefined
  const demo = process.argv.includes('--static')
    ? await serveStatic({ port })
    : await startDemo({ port, environment, dev: process.argv.includes('--dev'), keep })
  console.log(`The demo is running. Open ${demo.origin}\n\nEnd it with Ctrl-C.`)
  if (keep !== undefined)
    console.log(
      `Connections are kept in ${keep}/. The embedded banks start anew each time, so connections to them then ask to be renewed.`,
    )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void demo.close().then(() => process.exit(0))
    })
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
