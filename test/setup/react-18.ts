// React 18 for what Node itself loads: react-dom-18 and @testing-library/react ask for `react`, and would get the one
// that is installed under this name. What vitest transforms is sent to React 18 by the project's aliases.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const paths = ['react', 'react/jsx-runtime', 'react-dom', 'react-dom/client', 'react-dom/server']

for (const path of paths) {
  const older = path.replace(/^react(-dom)?/, '$&-18')
  require(older)
  require.cache[require.resolve(path)] = require.cache[require.resolve(older)]
}

// Only now: it loads @testing-library/react.
await import('./jsdom.js')
