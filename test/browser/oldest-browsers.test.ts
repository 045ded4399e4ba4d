// A browser in which everything is missing that the oldest browsers do not have, and one that is older still.
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { globalsTooNew, membersTooNew } from '../../scripts/oldest-browsers.js'
import { card, connect, connectButton, useBench } from './support/bench.js'

const bench = useBench({ page: {} })

interface Names {
  readonly globals: readonly string[]
  readonly members: readonly {
    readonly object: string
    readonly property: string
    readonly isStatic?: boolean
  }[]
}

/** Runs in the page, before its scripts. Gives nothing: what it could not take away is asked for afterwards. */
function takeAway({ globals, members }: Names): void {
  const all = globalThis as unknown as Record<string, { prototype?: object } | undefined>
  for (const { object, property, isStatic } of members) {
    const owner = all[object]
    if (owner) Reflect.deleteProperty(owner, property)
    if (owner?.prototype && !isStatic) Reflect.deleteProperty(owner.prototype, property)
    if (object === 'Window') Reflect.deleteProperty(globalThis, property)
  }
  for (const name of globals) Reflect.deleteProperty(globalThis, name)
}

/** What the page logs as an error, or throws. */
function watchErrors(page: Page): string[] {
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  return errors
}

async function openOld(names: Names): Promise<{ page: Page; errors: string[] }> {
  const profile = await bench.newProfile()
  await profile.addInitScript(takeAway, names)
  const page = await profile.newPage()
  const errors = watchErrors(page)
  await page.goto(bench.demo.origin)
  return { page, errors }
}

const newer: Names = { globals: globalsTooNew, members: membersTooNew }

describe('a browser that has nothing newer than the oldest browsers', () => {
  it('connects, in browser mode and with a backend', async () => {
    const { page, errors } = await openOld(newer)
    const left = await page.evaluate(() => [
      'canParse' in URL,
      'any' in AbortSignal,
      'timeout' in AbortSignal,
      'groupBy' in Object,
      'toSorted' in Array.prototype,
      'navigation' in globalThis,
      'structuredClone' in globalThis,
    ])
    expect(left).toEqual([false, false, false, false, false, false, true])
    await connect(page, 'Apiture')
    await connect(page, 'Stitch')
    expect(errors).toEqual([])
  })
})

describe('a browser that is older', () => {
  it('shows the app, and says so before anybody leaves', async () => {
    const { page, errors } = await openOld({
      globals: [...newer.globals, 'structuredClone', 'BroadcastChannel', 'reportError'],
      members: [
        ...newer.members,
        { object: 'Object', property: 'hasOwn' },
        { object: 'Crypto', property: 'randomUUID' },
        { object: 'Navigator', property: 'locks' },
        { object: 'AbortSignal', property: 'reason' },
      ],
    })
    await connectButton(page, 'Apiture').click()
    await card(page, 'Apiture').getByText('environment_unsupported', { exact: true }).first().waitFor()
    expect(errors).toEqual([])
  })
})
