import { parseSecureUrl } from '../../protocol/secure-url.js'
import { CountersignError } from '../../protocol/errors.js'
import { providerOf, type Context } from '../context.js'
import type { InteractionRecord } from '../records/interaction.js'
import { interactionKey } from '../records/keys.js'
import { checkReturnTo } from '../return-to.js'
import { expire } from './expire.js'

/** Something that a provider wants of the person at its own pages, for a connection that stays as it is. */
export interface Interaction {
  /** The provider's id of it, which comes back with the person. Empty where it gave none: then the return is not told. */
  readonly id: string
  /** A page of the provider's. */
  readonly url: string
  /** Path of this app at which it continues afterwards. @defaultValue `/` */
  readonly returnTo?: string | undefined
}

/** Seconds for which a return is awaited. */
const interactionSeconds = 24 * 3600

/**
 * Notes an interaction, and sends the person there by this page.
 *
 * @throws {TypeError} for an id that is none, and for a page that is not the provider's.
 * @throws {CountersignError} `sign_in_required`. @throws {StorageError} when it cannot be noted: nobody is sent away then.
 */
export async function interact(
  context: Context,
  name: string,
  { id, url, returnTo }: Interaction,
): Promise<void> {
  const { clock, database, navigation } = context.platform
  const { authorizationEndpoint = '' } = providerOf(context, name)
  const page = parseSecureUrl(url, 'browser')
  if (!page || page.origin !== parseSecureUrl(authorizationEndpoint, 'browser')?.origin)
    throw new TypeError("interact() leads to the provider's own pages: give the `url` that its API gave.")
  if (typeof id !== 'string' || !/^[\w.~-]{0,128}$/.test(id))
    throw new TypeError(
      "interact() needs the provider's `id` of the interaction: up to 128 letters, digits and `.~_-`, or an empty string.",
    )
  await context.requireSubject()
  const subject = context.subject()
  if (subject == null)
    throw new CountersignError('sign_in_required', 'Nobody is signed in to this app: sign in first.', {
      recovery: 'sign_in',
    })
  if (id === '') {
    navigation.assign(page.href, () => undefined)
    return
  }
  await expire(context)
  const record: InteractionRecord = {
    ...{ v: 1, phase: 'interaction', provider: name, subject },
    returnTo: checkReturnTo(context, returnTo),
    expiresAt: clock.now() + interactionSeconds,
  }
  await database.change([interactionKey(id)], () => [{ [interactionKey(id)]: record }, undefined])
  navigation.assign(page.href, () => undefined)
}
