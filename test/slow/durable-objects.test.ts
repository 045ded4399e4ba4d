// The Durable Object of examples/workers, in workerd, which is killed with both replicas in it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeKillTests } from './support/kill-tests.js'
import { bundleWorker, installRuntimes } from './support/runtimes/programs.js'
import { startWorkerdPair } from './support/workerd-pair.js'

describeKillTests(
  'on Durable Objects in workerd',
  async () => {
    await installRuntimes()
    const folder = await mkdtemp(join(tmpdir(), 'countersign-objects-'))
    await bundleWorker('workerd-replica.ts', folder)
    const at = join(folder, 'workerd')
    return {
      kind: 'durable-objects',
      at,
      clear: () => rm(at, { recursive: true, force: true }),
      close: () => rm(folder, { recursive: true }),
    }
  },
  { hasServer: false, start: startWorkerdPair },
)
