import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { ServerResponse } from 'node:http'
import type { BrandId } from '../brands.js'
import type { BankRequest } from './http.js'
import { markFile } from './mark.js'
import { fontFace, fontFile, stylesheet } from './stylesheet.js'
import type { Theme } from './theme.js'
import { themes } from './themes.js'

const { resolve } = createRequire(import.meta.url)

const kinds: Readonly<Record<string, { type: string; content: (theme: Theme) => Promise<Buffer> | string }>> =
  {
    css: { type: 'text/css; charset=utf-8', content: (theme) => fontFace(theme) + stylesheet(theme) },
    svg: { type: 'image/svg+xml', content: markFile },
    woff2: { type: 'font/woff2', content: (theme) => readFile(resolve(fontFile(theme))) },
  }

/**
 * Serves how the institutions look: stylesheet, mark and typeface below `/brand/`. A platform has pages of several.
 *
 * @returns whether the request was for one of these
 */
export async function serveAsset({ path }: BankRequest, response: ServerResponse): Promise<boolean> {
  if (path === '/favicon.ico') {
    response.writeHead(204).end()
    return true
  }
  const [, brand = '', extension = ''] = /^\/brand\/(\w+)\.(\w+)$/.exec(path) ?? []
  const theme = Object.hasOwn(themes, brand) ? themes[brand as BrandId] : undefined
  const kind = Object.hasOwn(kinds, extension) ? kinds[extension] : undefined
  if (!theme || !kind) return false
  const body = await kind.content(theme)
  response.writeHead(200, { 'content-type': kind.type, 'x-content-type-options': 'nosniff' }).end(body)
  return true
}
