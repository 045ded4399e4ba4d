/** Environment variables, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process, with what a `.env` file in the folder it was started in adds to it. */
export function loadEnvironment(): Environment {
  try {
    process.loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return process.env
}

/**
 * Reads the variables of one provider, such as `COUNTERSIGN_BASIS_CLIENT_ID`, as `clientId`; undefined without a client
 * id, which means: use the embedded bank.
 *
 * @throws {Error} a sentence naming the variables that are missing
 * @example
 * ```ts
 * const stitch = readProvider(environment, 'STITCH', ['clientId', 'keyId'], ['issuer'])
 * ```
 */
export function readProvider<const Needed extends string, const Optional extends string>(
  environment: Environment,
  provider: string,
  needed: readonly Needed[],
  optional: readonly Optional[],
): (Readonly<Record<Needed, string>> & Readonly<Partial<Record<Optional, string>>>) | undefined {
  const variable = (name: string): string =>
    `COUNTERSIGN_${provider}_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
  if (!environment[variable('clientId')]) return undefined
  const missing = needed.map(variable).filter((name) => !environment[name])
  if (missing.length > 0) throw new Error(`Set ${missing.join(', ')} too, or none of them.`)
  const found = [...needed, ...optional].flatMap((name) => {
    const value = environment[variable(name)]
    return value ? [[name, value]] : []
  })
  return Object.fromEntries(found) as Record<Needed, string> & Partial<Record<Optional, string>>
}
