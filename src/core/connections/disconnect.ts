import { CountersignError } from '../../protocol/errors.js'
import { fromFailure, type Revocation } from '../../protocol/revocation-result.js'
import { openChannel } from '../channel/open-channel.js'
import { providerOf, type Context } from '../context.js'
import type { Connection } from '../records/connection.js'
import { sessionKey } from '../records/keys.js'
import { anotherUser, checkOwner, forgetConnection } from './stored-connection.js'

/**
 * Forgets the connection, and has the provider revoke the grant. What a page did by itself is forgotten first and always;
 * what a backend did, unless that says that the user is another one, so that nothing was done.
 *
 * @returns Whether the provider confirmed it, or why not.
 * @throws {CountersignError} `sign_in_required` when the app's user is another one by now.
 */
export async function disconnect(context: Context, connection: Connection): Promise<Revocation> {
  await checkOwner(context, connection)
  let revocation: Promise<Revocation>
  const isSameUser = context.watchSubject()
  try {
    const channel = await openChannel(context, connection.provider)
    // The channel may need the tokens of this page to revoke them: it takes them out of the memory itself.
    const answer = channel.disconnect(connection)
    revocation = answer.catch(fromFailure)
    if (providerOf(context, connection.provider).channel.mode !== 'browser')
      await checkAnswered(context, answer, isSameUser)
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'sign_in_required') throw error
    revocation = Promise.resolve(fromFailure(error))
  }
  context.tokens.forget(connection.id)
  await forgetConnection(context, connection.id)
  context.emit('disconnected', connection.id, connection.provider)
  return revocation
}

/**
 * Waits for what a backend says, and whether it says so to this page's user: the session may be another's by now, in which
 * there is no such connection.
 *
 * @throws {CountersignError} `sign_in_required`: nothing was done.
 */
async function checkAnswered(
  context: Context,
  answer: Promise<Revocation>,
  isSameUser: () => boolean,
): Promise<void> {
  const failure = await answer.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure === undefined) return
  await context.follow(sessionKey)
  if (!isSameUser()) throw anotherUser()
  if (failure instanceof CountersignError && failure.code === 'sign_in_required') {
    context.requireSignIn()
    throw failure
  }
}
