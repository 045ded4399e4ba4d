import { afterEach, expect, test, vi } from 'vitest'
import { app, createBench } from '../support/bench.js'

afterEach(() => {
  vi.useRealTimers()
})

test('a body that never ends is refused after 15 seconds, and keeps no backend from closing', async () => {
  const { handle, events } = await createBench()
  await handle.ready
  vi.useFakeTimers()
  let read = (): void => undefined
  const isRead = new Promise<void>((resolve) => (read = resolve))
  const body = new ReadableStream(
    {
      pull() {
        read()
        return new Promise(() => undefined)
      },
    },
    { highWaterMark: 0 },
  )
  const headers = {
    origin: app,
    countersign: '1',
    cookie: 'subject=robin',
    'content-type': 'application/json',
  }
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
  const answered = handle(new Request(`${app}/connect/stitch/token`, init))
  await isRead
  const closed = handle.close()
  vi.advanceTimersByTime(15_000)
  expect((await answered).status).toBe(400)
  await closed
  expect(events.at(-1)).toMatchObject({ name: 'refused', error: 'invalid_request', reason: 'body_timeout' })
})
