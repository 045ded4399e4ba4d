import type { Platform } from '../platform/platform.js'
import type { ClientOptions } from './configuration.js'
import type { Context } from './context.js'
import { createHeldTokens } from './held-tokens.js'
import { reportMistake } from './in-background.js'
import type { Subject } from './subject.js'

/** Parts of the context that the client provides beside its options. */
export type ContextParts = Pick<Context, 'restart' | 'requireSignIn' | 'follow' | 'revealSubject'> & {
  readonly platform: Platform
  readonly subject: Subject
}

/** Wires what the parts of one client share. */
export const createContext = (options: ClientOptions, { subject, ...parts }: ContextParts): Context => ({
  ...parts,
  subject: subject.current,
  watchSubject: subject.watch,
  subjectKnown: subject.known,
  requireSubject: subject.require,
  onReset: subject.onReset,
  providers: options.providers,
  backend: options.backend,
  onOutcome: options.onOutcome,
  redirectUri: (name) =>
    options.redirectUri?.(name) ??
    new URL(`${options.basePath ?? ''}/callback/${name}`, parts.platform.navigation.url()).href,
  hasSharedPages: options.callbackPages === 'shared',
  startPath: options.basePath ?? '/',
  tokens: createHeldTokens(),
  made: new Set(),
  channels: new Map(),
  early: new Map(),
  answers: new Map(),
  emit(type, id, detail, { since, correlation } = {}) {
    const at = parts.platform.clock.now()
    const event = {
      ...{ type, id, at },
      ...(detail !== undefined && { detail }),
      ...(since !== undefined && { seconds: at - since }),
      ...(correlation !== undefined && { correlation }),
    }
    // Telemetry that fails ends nothing that a person approved.
    new Promise((resolve) => {
      resolve(options.onEvent?.(event))
    }).catch(reportMistake)
  },
})
