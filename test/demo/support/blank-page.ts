import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder with a page that shows nothing, for tests of the demo's server. Whoever makes it removes it. */
export function makeBlankPage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-page-'))
  writeFileSync(join(folder, 'index.html'), '<script type="application/json" id="configuration"></script>')
  return folder
}
