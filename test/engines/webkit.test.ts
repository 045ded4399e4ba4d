import { describe, inject } from 'vitest'
import { webkit } from './support/webkit.js'
import { describeEngine } from './support/scenarios.js'

describe('WebKit', () => {
  describeEngine(webkit(inject('webkit')))
})
