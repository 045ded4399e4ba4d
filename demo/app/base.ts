import { readConfiguration } from './configuration.js'

const { basePath } = readConfiguration()

/** The address of a path of the app, which may be below a folder of its origin. */
export const at = (path: string): string => basePath + path

/** The path of the app that an address of it has. */
export function pathOf(pathname: string): string {
  const path = pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : pathname
  // A server of files has `/lab/` for a folder.
  return path === '/' ? path : path.replace(/\/$/, '')
}
