import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../check-backend/usage-error.js'

/** Loads a module of the app by its path, below the folder in which the command was started. @throws {UsageError} */
export async function loadModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    const { code, message } = Object(error) as { code?: unknown; message?: unknown }
    const hint =
      code === 'ERR_UNKNOWN_FILE_EXTENSION'
        ? ' Node runs TypeScript from 22.18; before that, compile it, or run this command by `tsx`.'
        : ''
    const reason = String(message).replace(/ imported from .*$/, '')
    throw new UsageError(`${path} could not be loaded: ${reason}.${hint}`)
  }
}
