import { CountersignProvider } from 'countersign'
import { CountersignDevtools } from 'countersign/devtools'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.js'
import { bank } from './bank.js'

const root = document.getElementById('root')
if (!root) throw new Error('The page has no root element.')
createRoot(root).render(
  <StrictMode>
    <CountersignProvider client={bank}>
      <App />
      <CountersignDevtools />
    </CountersignProvider>
  </StrictMode>,
)
