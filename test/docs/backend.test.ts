// docs/backend.md, held against the code.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { forms } from '../../src/backend/check-options.js'

const page = readFileSync(new URL('../../docs/backend.md', import.meta.url), 'utf8')

test('the table of options has each option of createBackend, and no other', () => {
  const [, table = ''] = /^## Options\n([^]*?)^## /m.exec(page) ?? []
  const listed = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
  expect(listed.sort()).toEqual(Object.keys(forms).sort())
})
