import { storeIn, type Held } from '../../src/testing/network/backend-store.js'
import { describeStore } from '../backend/storage/store-contract.js'

describeStore('the store of the kit’s backend', () => {
  let passed = 0
  const entries = new Map<string, Held>()
  const now = () => Date.now() / 1000 + passed
  return {
    store: storeIn(entries, now),
    other: storeIn(entries, now),
    pass(seconds) {
      passed += seconds
    },
  }
})
