import { parseSecureUrl } from '../../protocol/secure-url.js'
import { nameOf } from '../options.js'
import { expect, member } from '../harness/expectations.js'
import type { Scene } from '../harness/scene.js'
import type { Rules } from '../rule.js'

/** Pages that the check reads at most: a cursor that leads in a circle ends there. */
const maximumPages = 500

/** The list of institutions, where the provider has one. */
export const institutionRules: Rules = {
  institutions: {
    sent: 'GET /{provider}/institutions: page after page, a query that finds nothing, parameters and a cursor that are none',
    why: 'People choose their bank from it: each must be there once, and no logo may tell anybody who is choosing.',
    section: 'contract, institutions',
    async run(scene) {
      const path = `/${nameOf(scene.options, 'bff')}/institutions`
      const first = await scene.ask(['GET', path], ['not_found', 200])
      // The provider has no list.
      if (first.status === 404) return
      const all = await readAll(scene, path)
      const ids = all.map(({ id }) => id)
      expect(new Set(ids).size === ids.length, 'an institution is on the list twice')
      for (const institution of all) checkInstitution(institution)
      const none = await scene.ask(['GET', `${path}?query=${crypto.randomUUID()}`], 200)
      expect(listOf(none).length === 0, 'a query that matches nothing still returns institutions')
      for (const wrong of ['page=2', 'cursor=%00', 'query=a&query=b', `query=${'a'.repeat(101)}`])
        await scene.ask(['GET', `${path}?${wrong}`], 'invalid_request')
    },
  },
}

type Institution = Readonly<Record<string, unknown>>

const listOf = (answer: { readonly body: unknown }): readonly Institution[] => {
  const list = member(answer, 'institutions')
  expect(Array.isArray(list), 'the answer has no list of institutions')
  return list.map((one) => Object(one) as Institution)
}

async function readAll(scene: Scene, path: string): Promise<readonly Institution[]> {
  const all: Institution[] = []
  let cursor: unknown
  for (let page = 0; page < maximumPages; page += 1) {
    const query = typeof cursor === 'string' ? `?cursor=${encodeURIComponent(cursor)}` : ''
    const answer = await scene.ask(['GET', path + query], 200)
    all.push(...listOf(answer))
    cursor = member(answer, 'next_cursor')
    if (cursor === undefined) return all
    expect(typeof cursor === 'string' && cursor !== '', 'next_cursor is not a string')
  }
  expect(false, `the list has no end within ${String(maximumPages)} pages`)
}

function checkInstitution({ id, name, logo }: Institution): void {
  expect(typeof id === 'string' && id !== '', 'an institution has no id')
  expect(typeof name === 'string' && name !== '', 'an institution has no name')
  if (logo === undefined) return
  const url = parseSecureUrl(logo, 'browser')
  const isPlain = url?.protocol === 'https:' && url.search === ''
  expect(isPlain, 'a logo is not an https URL, or has a query, which could name the person')
}
