import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A way to a server that breaks where a test wants it to. */
export interface TcpProxy {
  readonly port: number
  /** Sends new connections to another port, and breaks those that are open. */
  to(port: number): void
  /**
   * Breaks a connection at PostgreSQL's n-th statement from now: before the server has it, or when it has answered. The connections
   * that are made meanwhile are not counted.
   *
   * @returns A function that tells whether that has happened, and gives up waiting for it.
   */
  cut(what: 'request' | 'answer', statement: number): () => boolean
  /** Holds back what the server sends, until it is released. */
  hold(): void
  release(): void
  close(): Promise<void>
}

interface Cut {
  readonly what: 'request' | 'answer'
  left: number
}

export async function startTcpProxy(port: number): Promise<TcpProxy> {
  let target = port
  let pending: Cut | undefined
  const sockets = new Set<Socket>()
  const servers = new Set<Socket>()
  let isHeld = false

  /** What a statement sends first: Parse, or Query. All of it comes in one piece. */
  const isStatement = (chunk: Buffer): boolean => chunk[0] === 0x50 || chunk[0] === 0x51

  function serve(client: Socket): void {
    const server = connect(target, '127.0.0.1')
    const both = [client, server]
    servers.add(server)
    server.once('close', () => servers.delete(server))
    if (isHeld) server.pause()
    const end = (): void => {
      for (const socket of both) socket.destroy()
    }
    let isDoomed = false
    for (const socket of both) {
      sockets.add(socket)
      socket.on('error', end)
      socket.once('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    client.on('data', (chunk) => {
      if (pending && isStatement(chunk) && (pending.left -= 1) === 0) {
        isDoomed = true
        if (pending.what === 'request') return end()
      }
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (isDoomed) end()
      else client.write(chunk)
    })
  }

  const listener = createServer(serve)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (listener.address() as AddressInfo).port,
    to(other) {
      target = other
      breakAll()
    },
    cut(what, statement) {
      const cut: Cut = { what, left: statement }
      pending = cut
      return () => {
        pending = undefined
        return cut.left <= 0
      }
    },
    hold() {
      isHeld = true
      for (const server of servers) server.pause()
    },
    release() {
      isHeld = false
      for (const server of servers) server.resume()
    },
    async close() {
      breakAll()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
