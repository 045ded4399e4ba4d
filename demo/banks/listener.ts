import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

/** Where a listener is opened. */
export interface ListenerOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number | undefined
  /** The option a person changes when the port is taken. */
  readonly portOption: string
  /** With a key and a certificate the listener speaks TLS. */
  readonly tls?: ServerOptions | undefined
}

/** An open port on 127.0.0.1. */
export interface Listener {
  readonly origin: string
  /** Sets what answers; a bank learns its origin first and builds itself then. */
  serve(answer: (request: IncomingMessage, response: ServerResponse) => void): void
  close(): Promise<void>
}

/** @throws Error when the port is taken, naming the port and the option. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const server = options.tls ? createSecureServer(options.tls) : createServer()
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  return {
    origin: `${options.tls ? 'https' : 'http'}://127.0.0.1:${String(port)}`,
    serve: (answer) => void server.on('request', answer),
    close: () => close(server),
  }
}

function listen(server: Server, { port = 0, portOption }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? takenPort(port, portOption, error) : error)
    })
    server.listen(port, '127.0.0.1', resolve)
  })
}

function takenPort(port: number, portOption: string, cause: Error): Error {
  const message = `Port ${String(port)} is taken: stop what listens there, or choose another with ${portOption}.`
  return new Error(message, { cause })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
}
