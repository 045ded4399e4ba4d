import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '../support/open-sqlite.js'
import { describeKillTests } from './support/kill-tests.js'

describeKillTests(
  'on one SQLite file',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-sqlite-'))
    const at = join(folder, 'app.db')
    return {
      kind: 'sqlite',
      at,
      async clear() {
        const database = await openSqlite(at)
        database.exec('DROP TABLE IF EXISTS countersign')
        database.close()
      },
      close: () => rm(folder, { recursive: true }),
    }
  },
  { hasServer: false },
)
