import { describe, inject } from 'vitest'
import { firefox } from './support/puppeteer.js'
import { describeEngine } from './support/scenarios.js'

describe('Firefox', () => {
  describeEngine(firefox(inject('firefox')))
})
