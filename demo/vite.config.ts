// The demo's page. Built, it runs under
//   script-src 'self'; style-src 'self'; require-trusted-types-for 'script'
// hence no inline script, no data: URL, and React's refresh preamble in the dev server only.
import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { aliases, onLog } from '../scripts/vite-options.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig(({ command }) => ({
  root: here('app'),
  plugins: command === 'serve' ? [react()] : [],
  resolve: { alias: aliases('source') },
  build: {
    target: 'es2022',
    outDir: here('dist'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { onLog },
  },
}))
