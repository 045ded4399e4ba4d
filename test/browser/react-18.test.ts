// The peer dependency is react >=18: the demo, built for production with the oldest.
import { expect, it } from 'vitest'
import { card, connect, disconnect, useBench, waitForStatus } from './support/bench.js'

const bench = useBench({ page: { react: 'react-18' } })

it.each(['Apiture', 'Stitch'])('%s connects and disconnects on React 18', async (title) => {
  const page = await bench.open()
  const told = await page.waitForFunction(() => (window as unknown as { reactVersion?: string }).reactVersion)
  const version = await told.jsonValue()
  expect(version).toMatch(/^18\./)
  await connect(page, title)
  await card(page, title).getByRole('table').waitFor()
  await disconnect(page, title)
  await waitForStatus(page, title, 'Not connected')
})
