// Express: `app.listen(3000)`. Mount it before anything that reads bodies.
import { toNodeListener } from 'countersign/backend/node'
import express from 'express'
import { handler } from './handler.js'

export const app = express()

app.use('/connect', toNodeListener(handler))
