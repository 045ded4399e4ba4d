#!/usr/bin/env node
import process from 'node:process'
import { main } from './main.js'

const write = (stream: NodeJS.WritableStream) => (text: string) => {
  stream.write(`${text}\n`)
}

process.exitCode = await main(process.argv.slice(2), {
  out: write(process.stdout),
  err: write(process.stderr),
})
