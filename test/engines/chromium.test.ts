import { describe, inject } from 'vitest'
import { chromium } from './support/puppeteer.js'
import { describeEngine } from './support/scenarios.js'

describe('Chromium', () => {
  describeEngine(chromium(inject('chromium')))
})
