import { CountersignError } from '../../protocol/errors.js'
import type { Context } from '../context.js'
import type { CommonInput } from '../input.js'
import { lazyParts, lazyPartsForClick } from '../lazy.js'
import { inputKey } from './authorization-input.js'
import type { Prepared } from './begin.js'

/** Work done before the click, for one input at a time. */
export interface Preparation {
  /** Takes what was prepared for this input; anything prepared for another is removed. */
  readonly take: (key: string) => Promise<Prepared> | undefined
  /** Lets what was prepared for the previous user expire. */
  readonly forget: () => void
  readonly prepare: (input: CommonInput) => Promise<void>
}

/** Makes the keeper of what is prepared for one authorization. */
export function createPreparation(context: Context, name: string): Preparation {
  let prepared: { readonly key: string; readonly result: Promise<Prepared> } | undefined

  function take(key: string): Promise<Prepared> | undefined {
    const { result, key: known } = prepared ?? {}
    prepared = undefined
    if (!result || known === key) return result
    // Without storage, or where preparing failed, there is nothing to remove.
    lazyParts()
      .then(({ discard }) => discard(context, result))
      .catch(() => undefined)
    return undefined
  }

  return {
    take,
    forget() {
      prepared = undefined
    },
    async prepare(input) {
      const key = inputKey(input)
      const result =
        take(key) ?? lazyPartsForClick(context, name).then((parts) => parts.prepare(context, name, input))
      prepared = { key, result }
      await result.catch((error: unknown) => {
        if (prepared?.result === result) prepared = undefined
        if (!(error instanceof CountersignError)) throw error
      })
    },
  }
}
