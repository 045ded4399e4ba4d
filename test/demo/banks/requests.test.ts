import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import type { BankRequest } from '../../../demo/banks/http.js'
import { createRequestLog } from '../../../demo/banks/requests.js'

test('forgets its oldest entry beyond a thousand', () => {
  const log = createRequestLog()
  const response = { writableEnded: true, statusCode: 200 } as ServerResponse
  for (let index = 0; index <= 1000; index++) {
    log.add(
      { method: 'GET', path: `/${String(index)}`, parameters: {}, headers: {} } as BankRequest,
      response,
    )
  }
  expect(log.all).toHaveLength(1000)
  expect([log.count('/0'), log.count('/1'), log.count('/1000')]).toEqual([0, 1, 1])
})
