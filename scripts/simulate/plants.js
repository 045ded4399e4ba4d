// Faults that are planted into a copy of the sources, to show that the simulation notices them: at least one for each of
// its invariants. A text that is not there exactly once any more fails the build.

/**
 * @typedef {object} Plant
 * @property {string} invariant The beginning of the name of the invariant that breaks; of either, where a schedule may show one before the other.
 * @property {string} file Below src.
 * @property {string} text
 * @property {string} by What takes its place.
 */

/** @type {Record<string, Plant>} */
export const plants = {
  'an outcome that is made from a second look': {
    invariant: '1',
    file: 'core/callback/outcome.ts',
    text: `  await context.follow(connectionId)
`,
    by: `  let isOvertaken = false
  const stop = context.platform.tabs.onAnnounced(() => (isOvertaken = true))
  await context.follow(connectionId)
  stop()
  if (isOvertaken) return { status: 'none' }
`,
  },
  'a redemption without its lock': {
    invariant: '2',
    file: 'core/callback/redeem.ts',
    text: 'await tabs.lock(`tx:${await sha256(state)}`, 60, work)',
    by: 'await work()',
  },
  'a refresh without its lock': {
    invariant: '3',
    file: 'core/channel/direct-refresh.ts',
    text: 'platform.tabs.lock(`refresh:${id}`, waitSeconds, () =>',
    by: 'Promise.resolve().then(() =>',
  },
  "a list that shows everybody's connections": {
    invariant: '4',
    file: 'core/connections/project.ts',
    text: '(Object(value) as { subject?: unknown }).subject === subject',
    by: 'Boolean(value && subject)',
  },
  'a disconnected connection that stays': {
    invariant: '5',
    file: 'core/connections/disconnect.ts',
    text: '  await forgetConnection(context, connection.id)\n',
    by: '',
  },
  'an answer that comes late and is dropped': {
    invariant: '6',
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
  'a list that is asked for without end': {
    invariant: '7',
    file: 'core/connections/restore.ts',
    text: '< synchronizeSeconds',
    by: '< 0',
  },
  'a verifier that is kept': {
    invariant: '8',
    file: 'core/callback/store-result.ts',
    text: '{ ...removed, [key]: ended,',
    by: '{ ...removed, [key]: { ...ended, codeVerifier: transaction.codeVerifier },',
  },
  'a request to somebody else': {
    invariant: '9',
    file: 'core/callback/store-result.ts',
    text: '  const record = toRecord(context, transaction, redeemed)\n',
    by: `  const record = toRecord(context, transaction, redeemed)
  context.platform.fetch('https://metrics.example/', {}).catch(() => undefined)
`,
  },
  'a button that is dead until the page is loaded again': {
    invariant: 'liveness',
    file: 'core/authorize/leave.ts',
    text: 'clock.after(leavingSeconds, resolve)',
    by: 'clock.after(leavingSeconds, () => undefined)',
  },
  'a spent code that is sent again for want of keys': {
    // It is sent again, or its tokens are lost with the refusal.
    invariant: '[26]',
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
}
