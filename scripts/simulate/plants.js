// Faults that are planted into a copy of the sources, to show that the simulation notices them: at least one for each of
// its invariants, and each fault that was found once, by taking the change back that mended it. A text that is not there
// exactly once any more fails the build.

/**
 * @typedef {object} Edit
 * @property {string} file Below src.
 * @property {string} text
 * @property {string} by What takes its place.
 */

/**
 * @typedef {object} Plant
 * @property {string} invariant The beginning of the name of the invariant that breaks. A schedule may break another one first: the
 * simulation goes on to one that breaks this.
 * @property {readonly Edit[]} edits
 */

/** @type {Record<string, Plant>} */
export const plants = {
  'a redemption without its lock': {
    invariant: '2',
    edits: [
      {
        file: 'core/callback/redeem.ts',
        text: 'await tabs.lock(`tx:${await sha256(state)}`, 60, work)',
        by: 'await work()',
      },
    ],
  },
  'a refresh without its lock': {
    invariant: '3',
    edits: [
      {
        file: 'core/channel/direct-refresh.ts',
        text: 'platform.tabs.lock(`refresh:${id}`, waitSeconds, () =>',
        by: 'Promise.resolve().then(() =>',
      },
    ],
  },
  "a list that shows everybody's connections": {
    invariant: '4',
    edits: [
      {
        file: 'core/connections/project.ts',
        text: '(Object(value) as { subject?: unknown }).subject === subject',
        by: 'Boolean(value && subject)',
      },
    ],
  },
  'a disconnected connection that stays': {
    invariant: '5',
    edits: [
      {
        file: 'core/connections/disconnect.ts',
        text: '  await forgetConnection(context, connection.id)\n',
        by: '',
      },
    ],
  },
  'an answer that comes late and is dropped': {
    invariant: '6',
    edits: [
      {
        file: 'core/callback/send.ts',
        text: "if (!('unchecked' in redeemed)) return storeResult(context, transaction, redeemed, resume)\n",
        by: `if (!('unchecked' in redeemed)) {
    if (context.platform.clock.now() - transaction.createdAt > 10) {
      const late = endWith(transaction, unknownFate())
      await replaceUnlessEnded(context, state, late)
      return toCallbackState(context, late)
    }
    return storeResult(context, transaction, redeemed, resume)
  }
`,
      },
    ],
  },
  'a list that is asked for without end': {
    invariant: '7',
    edits: [
      {
        file: 'core/connections/restore.ts',
        text: '< synchronizeSeconds',
        by: '< 0',
      },
    ],
  },
  'a verifier that is kept': {
    invariant: '8',
    edits: [
      {
        file: 'core/callback/store-result.ts',
        text: '{ ...removed, [key]: ended,',
        by: '{ ...removed, [key]: { ...ended, codeVerifier: transaction.codeVerifier },',
      },
    ],
  },
  'a request to somebody else': {
    invariant: '9',
    edits: [
      {
        file: 'core/callback/store-result.ts',
        text: '  const record = toRecord(context, transaction, redeemed)\n',
        by: `  const record = toRecord(context, transaction, redeemed)
  context.platform.fetch('https://metrics.example/', {}).catch(() => undefined)
`,
      },
    ],
  },
  'a webhook that acts again when it is repeated': {
    invariant: '10',
    edits: [
      {
        file: 'backend/webhooks/once.ts',
        text: '({ write: { done: true }, until',
        by: '({ write: { failed: true }, until',
      },
    ],
  },
  'a job that renews what another has just renewed': {
    invariant: '3 one refresh',
    edits: [
      {
        file: 'backend/connections/due.ts',
        text: '    now - (tokens?.issuedAt ?? 0) >= restSeconds &&\n',
        by: '',
      },
      {
        file: 'backend/connections/due.ts',
        text: '    renewBy < renewBefore &&\n',
        by: '    (renewBy < renewBefore || now - (tokens?.issuedAt ?? 0) < restSeconds) &&\n',
      },
    ],
  },
  'a long list that hears nothing of what the backend has ended': {
    invariant: '11',
    edits: [
      {
        file: 'core/connections/synchronize.ts',
        text: "  if (isNews) tabs.announce('connections')\n",
        by: '',
      },
    ],
  },
  // In the second layer.
  'a BroadcastChannel that may not be forbidden': {
    invariant: 'platform: nothing',
    edits: [
      {
        file: 'platform/tabs.ts',
        text: 'unlessForbidden(() => new BroadcastChannel(name))',
        by: 'new BroadcastChannel(name)',
      },
    ],
  },
  'a database that is waited for without a limit': {
    invariant: 'platform: every promise',
    edits: [
      {
        file: 'platform/database.ts',
        text: '        reject(new StorageError())\n      } catch {',
        by: '      } catch {',
      },
    ],
  },
  "a database of our name that is another's": {
    invariant: 'platform: it works',
    edits: [
      {
        file: 'platform/database.ts',
        text: 'if (!database.objectStoreNames.contains(storeName)) {',
        by: 'if (name === storeName) {',
      },
    ],
  },
  'a second attempt at a database that never opens': {
    invariant: 'platform: every promise',
    edits: [{ file: 'platform/database.ts', text: '    transaction = undefined\n', by: '' }],
  },
  'a write that nobody undoes when it is given up': {
    invariant: 'platform: what is committed',
    edits: [{ file: 'platform/database.ts', text: '    if (isLate) transaction.abort()\n', by: '' }],
  },
  'work that does not wait for its lock': {
    invariant: 'platform: one at a time',
    edits: [
      {
        file: 'platform/tabs.ts',
        text: '(request(lockName, { signal }, () => (begun = work())) as Promise<T>)',
        by: '(begun = work())',
      },
    ],
  },
  'a write that is done before it is committed': {
    invariant: 'platform: what is committed',
    edits: [
      { file: 'platform/database.ts', text: '        await promisifyRequest(records.transaction)\n', by: '' },
    ],
  },

  'a transaction of an older version that nobody knows': {
    invariant: '1',
    edits: [{ file: 'core/callback/redeem.ts', text: 'asAnswered(known ?? bare,', by: 'asAnswered(known,' }],
  },
  // What was found once: the change that mended it, taken back.
  'reverted: a success is told as none': {
    // What is told is looked up in the list, and a load of the list that another one has overtaken is thrown away.
    invariant: '1',
    edits: [
      {
        file: 'core/callback/outcome.ts',
        text: `  return isConnectionRecord(entry) && entry[1].subject === context.subject()
    ? { status: 'connected', ...back, connection: asHeld(context, entry[1]), ...(previous && { previous }) }
    : { status: 'none' }
`,
        by: `  const list = followed
  const connection = list.status === 'ready' && list.connections.find(({ id }) => id === connectionId)
  return connection ? { status: 'connected', ...back, connection, ...(previous && { previous }) } : { status: 'none' }
`,
      },
      {
        file: 'core/callback/outcome.ts',
        text: '  await context.follow(connectionId)\n',
        by: '  const followed = await context.follow(connectionId)\n',
      },
      {
        file: 'core/client.ts',
        text: 'follow: (id) => (id === sessionKey ? subject.check() : connections.follow(id))',
        by: 'follow: (id) => (id === sessionKey ? subject.check() : connections.load().then(connections.get))',
      },
      {
        file: 'core/connections/connections.ts',
        text: 'if (load >= latest) {',
        by: 'if (load === loads) {',
      },
    ],
  },
  'reverted: a button is dead after a navigation that did not happen': {
    // The page comes back from leaving only when it is shown again.
    invariant: 'liveness',
    edits: [
      {
        file: 'core/authorize/leave.ts',
        text: 'stops.push(navigation.onShown(resolve), tabs.onAnnounced(hear), clock.after(leavingSeconds, resolve))',
        by: 'stops.push(navigation.onShown(resolve))',
      },
    ],
  },
  'reverted: a page sends a spent code again for want of keys': {
    invariant: '2',
    edits: [
      {
        file: 'core/callback/send.ts',
        text: '  await keepAnswer(context, state, redeemed)\n',
        by: `  return {
    status: 'failed',
    error: redeemed.unchecked,
    ...returnOf(context, transaction),
    ...resumable(resume),
  }
`,
      },
    ],
  },
  'reverted: the backend sends a spent code again for want of keys': {
    invariant: '2',
    edits: [{ file: 'backend/flow/redemption.ts', text: '        ...answers,\n', by: '' }],
  },
  'reverted: a gateway that fails counts as an answer to a refresh': {
    // The refresh token, which may be spent, is sent again at once.
    invariant: '3',
    edits: [
      {
        file: 'protocol/refresh-verdict.ts',
        text: "if (status === 502 || status === 504) return 'unanswered'",
        by: "if (status === 502 || status === 504) return 'undecided'",
      },
    ],
  },
  'reverted: a lease of the backend that is shorter than the work': {
    // Clocks alone end it, and nobody asks for it before sending.
    invariant: '2',
    edits: [
      {
        file: 'backend/storage/lease.ts',
        text: 'until + (sent === false ? 0 : skewSeconds) > now',
        by: 'until > now',
      },
      {
        file: 'backend/storage/attempt.ts',
        text: 'noting ??= noteSent()',
        by: "noting ??= Promise.resolve('written' as const)",
      },
    ],
  },
  'reverted: a lease of a page that is renewed for ever': {
    // A renewal was under way when the work ended.
    invariant: 'liveness',
    edits: [{ file: 'platform/fallback-lease.ts', text: 'if (isWorking) stop =', by: 'stop =' }],
  },
}
