import { memoryStore } from 'countersign/backend'
import { expect, test } from 'vitest'
import { describeStore } from './store-contract.js'

describeStore('the memory store', () => {
  let passed = 0
  const store = memoryStore({ now: () => Date.now() / 1000 + passed })
  return {
    store,
    other: store,
    pass: (seconds) => {
      passed += seconds
    },
  }
})

test('the memory store removes what has expired without being asked for it', async () => {
  let now = 0
  let looks = 0
  const store = memoryStore({
    now: () => {
      looks += 1
      return now
    },
  })
  for (let index = 0; index < 250; index += 1) await store.put(`old ${index}`, 'x', null, 10)
  now = 20
  for (let index = 0; index < 6; index += 1) await store.put(`new ${index}`, 'x', null, 30)
  looks = 0
  for (let index = 0; index < 256; index += 1)
    await store.put('one', 'x', (await store.get('one'))?.version ?? null, 30)
  // Had the old ones stayed, the next removal would have looked at each of them.
  expect(looks).toBeLessThan(530)
})
