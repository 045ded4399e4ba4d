// What the check is for. test/slow/broken-backends.test.ts runs the whole table against each of these.
import { expect, test } from 'vitest'
import { rules } from '../../src/check-backend/check-backend.js'
import { testVariants } from './support/broken.js'
import { careless } from './support/careless.js'
import { forgetful } from './support/forgetful.js'
import { trusting } from './support/trusting.js'

const variants = [...careless, ...forgetful, ...trusting]

testVariants(variants, 'intended')

test('has a broken backend for every rule', () => {
  const noticed = new Set(variants.flatMap(({ rules: expected }) => expected))
  const never = rules.map(({ name }) => name).filter((name) => !noticed.has(name))
  // Those are run by --rate-limit only; check-backend.test.ts has them.
  expect(never).toEqual(['rate-limit', 'rate-limit-address'])
})
