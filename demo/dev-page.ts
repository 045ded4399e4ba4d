import { fileURLToPath } from 'node:url'
import { readFile } from 'node:fs/promises'
import { createServer } from 'vite'
import type { PageSource } from './page.js'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The page as it is being worked on: changes show at once. It runs without the policy, which Vite's client breaks. */
export async function openDevPage(): Promise<PageSource> {
  const vite = await createServer({
    configFile: here('vite.config.ts'),
    appType: 'custom',
    server: { middlewareMode: true },
  })
  return {
    document: async (path) => vite.transformIndexHtml(path, await readFile(here('app/index.html'), 'utf8')),
    serve: (request, response) =>
      new Promise((resolve) => {
        response.once('finish', () => {
          resolve(true)
        })
        vite.middlewares(request, response, () => {
          resolve(false)
        })
      }),
    close: () => vite.close(),
  }
}
