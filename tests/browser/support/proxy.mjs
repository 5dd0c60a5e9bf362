// proxy: an HTTP proxy that leads every host to a server on this machine. What works alike in every engine.
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { listen } from '../../../scripts/local-server.mjs'

/**
 * @param {number | ((host: string) => number)} to port of the server
 * @param {(host: string) => boolean} [gone] hosts that do not answer
 * @returns {Promise<{ port: number, stop(): Promise<void> }>}
 */
export async function startProxy(to, gone = () => false) {
  const sockets = new Set()
  const server = createServer((_, response) => response.destroy())
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  server.on('connect', ({ url }, socket, head) => {
    // Not a refusal of the proxy's own: WebKit takes that for the host's answer.
    const [host] = url.split(':')
    if (gone(host)) return socket.destroy()
    const onward = connect(typeof to === 'number' ? to : to(host), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  await listen(server, 0)
  return {
    port: server.address().port,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve)
        for (const socket of sockets) socket.destroy()
      }),
  }
}
