import { startDemo } from './demo.js'
import { loadEnvironment } from './environment.js'

try {
  const environment = loadEnvironment()
  const demo = await startDemo({
    port: Number(environment['PORT'] ?? 4300),
    environment,
    dev: process.argv.includes('--dev'),
  })
  console.log(`The demo is running. Open ${demo.origin}\n\nEnd it with Ctrl-C.`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void demo.close().then(() => process.exit(0))
    })
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
