import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const page = fileURLToPath(new URL('../../docs/stores.md', import.meta.url))

/** The migration as the documentation has it: what people copy is what is tested. */
export function postgresMigration(): string {
  const [, sql] = /```sql\n(CREATE TABLE countersign[^]*?)```/.exec(readFileSync(page, 'utf8')) ?? []
  if (sql === undefined) throw new Error('docs/stores.md has no migration')
  return sql
}
