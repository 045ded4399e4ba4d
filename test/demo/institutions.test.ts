import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDemo, type Demo } from '../../demo/demo.js'
import { makeBlankPage } from './support/blank-page.js'

const folder = makeBlankPage()
let demo: Demo

beforeAll(async () => {
  demo = await startDemo({ page: folder })
})
afterAll(async () => {
  await demo.close()
  rmSync(folder, { recursive: true })
})

async function list(path: string) {
  const headers = { origin: demo.origin, countersign: '1', cookie: 'demo-user=robin' }
  const response = await fetch(`${demo.origin}/connect${path}`, { headers })
  return (await response.json()) as { institutions: { name: string; group?: string }[] }
}

test('the demo’s server lists Moneyhub’s banks, without the one for tests', async () => {
  const { institutions } = await list('/moneyhub/institutions')
  expect(institutions.map(({ name }) => name)).toEqual(['Old Quay Building Society', 'Pennyhill Bank'])
})

test('the demo’s server lists the ways to sign in at Basis’ institutions, and finds one by its name', async () => {
  const { institutions } = await list('/basis/institutions?query=lark%20comm')
  expect(institutions).toMatchObject([{ name: 'Larkspur Commercial', group: 'Larkspur Bank' }])
})
