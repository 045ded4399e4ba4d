import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { createRequestLog } from '../../../demo/banks/requests.js'

test('forgets its oldest entry beyond a thousand', () => {
  const log = createRequestLog()
  const socket = new Socket()
  for (let index = 0; index <= 1000; index++) {
    const message = new IncomingMessage(socket)
    const path = `/${String(index)}`
    const request = Object.assign(message, { path, origin: '', body: Buffer.alloc(0), parameters: {} })
    log.add(request, new ServerResponse(message))
  }
  expect(log.all).toHaveLength(1000)
  expect([log.count('/0'), log.count('/1'), log.count('/1000')]).toEqual([0, 1, 1])
})
